type Handler = (event: never) => void
type Value = string | number | boolean | null | undefined | Handler
type Props = Readonly<Record<string, Value>>

/** What an element may hold; null, undefined and false hold nothing. */
export type Child = Node | string | number | null | undefined | false | readonly Child[]

const svgNamespace = 'http://www.w3.org/2000/svg'
const handlers = ['onclick', 'oninput', 'onchange', 'onkeydown', 'onsubmit', 'ontoggle'] as const

/** An HTML element. Properties whose name starts with `on` are handlers, all others attributes. */
export function h<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag)
  fill(element, props, children)
  return element
}

/** An SVG element; presentation attributes and classes only, since the page's policy allows no inline style. */
export function s(tag: string, props: Props = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(svgNamespace, tag)
  fill(element, props, children)
  return element
}

function fill(element: HTMLElement | SVGElement, props: Props, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue
    if (typeof value === 'function') setHandler(element, name, value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  append(element, children)
}

function setHandler(element: HTMLElement | SVGElement, name: string, value: Handler): void {
  const known = handlers.find((handler) => handler === name)
  if (!known) throw new Error(`no handler ${name}: add it to the list in dom.ts`)
  element[known] = value as never
}

function append(parent: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue
    if (child instanceof Node) parent.appendChild(child)
    else if (typeof child === 'object') append(parent, child)
    else parent.appendChild(document.createTextNode(String(child)))
  }
}

/**
 * Makes `current` show what `next` shows while keeping every element that can stay, so that focus, selection, scroll
 * and open menus survive. An element with `data-own` keeps its children: somebody else draws them.
 */
export function morph(current: Element, next: Element): void {
  if (!canStay(current, next)) {
    current.replaceWith(next)
    return
  }
  copyAttributes(current, next)
  if (current.hasAttribute('data-own')) return
  const wanted = [...next.childNodes]
  wanted.forEach((child, i) => {
    const there = current.childNodes[i]
    if (!there) current.appendChild(child)
    else if (there instanceof Element && child instanceof Element) morph(there, child)
    else if (there instanceof Text && child instanceof Text) {
      if (there.data !== child.data) there.data = child.data
    } else current.replaceChild(child, there)
  })
  while (current.childNodes.length > wanted.length) current.lastChild?.remove()
}

function canStay(current: Element, next: Element): boolean {
  return (
    current.tagName === next.tagName && current.getAttribute('data-key') === next.getAttribute('data-key')
  )
}

function copyAttributes(current: Element, next: Element): void {
  for (const { name, value } of next.attributes)
    if (current.getAttribute(name) !== value) current.setAttribute(name, value)
  for (const name of current.getAttributeNames()) {
    // An open menu is the reader's doing.
    if (!next.hasAttribute(name) && !(name === 'open' && current.tagName === 'DETAILS'))
      current.removeAttribute(name)
  }
  if (isHandled(current) && isHandled(next)) {
    for (const handler of handlers)
      if (current[handler] !== next[handler]) current[handler] = next[handler] as never
  }
}

const isHandled = (element: Element): element is HTMLElement | SVGElement =>
  element instanceof HTMLElement || element instanceof SVGElement

/** Replaces the children of an element, keeping those that can stay. */
export function show(parent: Element, ...children: Child[]): void {
  const next = parent.cloneNode(false) as Element
  append(next, children)
  if (isHandled(parent) && isHandled(next))
    for (const handler of handlers) next[handler] = parent[handler] as never
  morph(parent, next)
}
