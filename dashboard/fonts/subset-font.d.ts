declare module 'subset-font' {
  /** A font with only the characters of a text, and only these places on its axes. */
  export default function subsetFont(
    font: Buffer,
    text: string,
    options: { readonly targetFormat: 'woff2'; readonly variationAxes?: Readonly<Record<string, number>> },
  ): Promise<Buffer>
}
