import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace barograph. */
export namespace barograph {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of a Batch.
         * @deprecated Use barograph.v1.Batch.$Properties instead.
         */
        interface IBatch extends barograph.v1.Batch.$Properties {
        }

        /** Represents a Batch. */
        class Batch {

            /**
             * Constructs a new Batch.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Batch.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Batch version. */
            version: number;

            /** Batch device. */
            device: string;

            /** Batch siteVersion. */
            siteVersion: number;

            /** Batch clock. */
            clock: barograph.v1.Clock;

            /** Batch clockErrorMs. */
            clockErrorMs: number;

            /** Batch runs. */
            runs: barograph.v1.Run.$Properties[];

            /** Batch ended. */
            ended: barograph.v1.Ended.$Properties[];

            /** Batch lost. */
            lost: barograph.v1.Lost.$Properties[];

            /** Batch summaries. */
            summaries: barograph.v1.Summary.$Properties[];

            /** Batch site. */
            site?: (barograph.v1.Site.$Properties|null);

            /** Batch hello. */
            hello?: (barograph.v1.Hello.$Properties|null);

            /** Batch timeToken. */
            timeToken: number;

            /**
             * Creates a new Batch instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Batch instance
             */
            static create(properties: barograph.v1.Batch.$Shape): barograph.v1.Batch & barograph.v1.Batch.$Shape;
            static create(properties?: barograph.v1.Batch.$Properties): barograph.v1.Batch;

            /**
             * Encodes the specified Batch message. Does not implicitly {@link barograph.v1.Batch.verify|verify} messages.
             * @param message Batch message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Batch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Batch message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Batch & barograph.v1.Batch.$Shape} Batch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Batch & barograph.v1.Batch.$Shape;
        }

        namespace Batch {

            /** Properties of a Batch. */
            interface $Properties {

                /** Batch version */
                version?: (number|null);

                /** Batch device */
                device?: (string|null);

                /** Batch siteVersion */
                siteVersion?: (number|null);

                /** Batch clock */
                clock?: (barograph.v1.Clock|null);

                /** Batch clockErrorMs */
                clockErrorMs?: (number|null);

                /** Batch runs */
                runs?: (barograph.v1.Run.$Properties[]|null);

                /** Batch ended */
                ended?: (barograph.v1.Ended.$Properties[]|null);

                /** Batch lost */
                lost?: (barograph.v1.Lost.$Properties[]|null);

                /** Batch summaries */
                summaries?: (barograph.v1.Summary.$Properties[]|null);

                /** Batch site */
                site?: (barograph.v1.Site.$Properties|null);

                /** Batch hello */
                hello?: (barograph.v1.Hello.$Properties|null);

                /** Batch timeToken */
                timeToken?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Batch. */
            type $Shape = barograph.v1.Batch.$Properties;
        }

        /** Clock enum. */
        enum Clock {

            /** SYNCED value */
            SYNCED = 0,

            /** UNCERTAIN value */
            UNCERTAIN = 1,

            /** HISTORICAL value */
            HISTORICAL = 2
        }

        /**
         * Properties of a Run.
         * @deprecated Use barograph.v1.Run.$Properties instead.
         */
        interface IRun extends barograph.v1.Run.$Properties {
        }

        /** Represents a Run. */
        class Run {

            /**
             * Constructs a new Run.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Run.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Run sensor. */
            sensor: string;

            /** Run epoch. */
            epoch: Uint8Array;

            /** Run intervalMs. */
            intervalMs: number;

            /** Run firstSeq. */
            firstSeq: number;

            /** Run count. */
            count: number;

            /** Run firstTime. */
            firstTime: number;

            /** Run timeSteps. */
            timeSteps: Uint8Array;

            /** Run columns. */
            columns: barograph.v1.Column.$Properties[];

            /** Run marks. */
            marks: barograph.v1.Mark.$Properties[];

            /**
             * Creates a new Run instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Run instance
             */
            static create(properties: barograph.v1.Run.$Shape): barograph.v1.Run & barograph.v1.Run.$Shape;
            static create(properties?: barograph.v1.Run.$Properties): barograph.v1.Run;

            /**
             * Encodes the specified Run message. Does not implicitly {@link barograph.v1.Run.verify|verify} messages.
             * @param message Run message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Run.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Run message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Run & barograph.v1.Run.$Shape} Run
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Run & barograph.v1.Run.$Shape;
        }

        namespace Run {

            /** Properties of a Run. */
            interface $Properties {

                /** Run sensor */
                sensor?: (string|null);

                /** Run epoch */
                epoch?: (Uint8Array|null);

                /** Run intervalMs */
                intervalMs?: (number|null);

                /** Run firstSeq */
                firstSeq?: (number|null);

                /** Run count */
                count?: (number|null);

                /** Run firstTime */
                firstTime?: (number|null);

                /** Run timeSteps */
                timeSteps?: (Uint8Array|null);

                /** Run columns */
                columns?: (barograph.v1.Column.$Properties[]|null);

                /** Run marks */
                marks?: (barograph.v1.Mark.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Run. */
            type $Shape = barograph.v1.Run.$Properties;
        }

        /**
         * Properties of a Column.
         * @deprecated Use barograph.v1.Column.$Properties instead.
         */
        interface IColumn extends barograph.v1.Column.$Properties {
        }

        /** Represents a Column. */
        class Column {

            /**
             * Constructs a new Column.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Column.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Column metric. */
            metric: number;

            /** Column custom. */
            custom?: (barograph.v1.CustomMetric.$Properties|null);

            /** Column present. */
            present: Uint8Array;

            /** Column scale. */
            scale: number;

            /** Column steps. */
            steps: Uint8Array;

            /** Column flags. */
            flags: barograph.v1.Flagged.$Properties[];

            /**
             * Creates a new Column instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Column instance
             */
            static create(properties: barograph.v1.Column.$Shape): barograph.v1.Column & barograph.v1.Column.$Shape;
            static create(properties?: barograph.v1.Column.$Properties): barograph.v1.Column;

            /**
             * Encodes the specified Column message. Does not implicitly {@link barograph.v1.Column.verify|verify} messages.
             * @param message Column message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Column.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Column message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Column & barograph.v1.Column.$Shape} Column
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Column & barograph.v1.Column.$Shape;
        }

        namespace Column {

            /** Properties of a Column. */
            interface $Properties {

                /** Column metric */
                metric?: (number|null);

                /** Column custom */
                custom?: (barograph.v1.CustomMetric.$Properties|null);

                /** Column present */
                present?: (Uint8Array|null);

                /** Column scale */
                scale?: (number|null);

                /** Column steps */
                steps?: (Uint8Array|null);

                /** Column flags */
                flags?: (barograph.v1.Flagged.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Column. */
            type $Shape = barograph.v1.Column.$Properties;
        }

        /**
         * Properties of a Flagged.
         * @deprecated Use barograph.v1.Flagged.$Properties instead.
         */
        interface IFlagged extends barograph.v1.Flagged.$Properties {
        }

        /** Represents a Flagged. */
        class Flagged {

            /**
             * Constructs a new Flagged.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Flagged.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Flagged first. */
            first: number;

            /** Flagged count. */
            count: number;

            /** Flagged flag. */
            flag: number;

            /**
             * Creates a new Flagged instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Flagged instance
             */
            static create(properties: barograph.v1.Flagged.$Shape): barograph.v1.Flagged & barograph.v1.Flagged.$Shape;
            static create(properties?: barograph.v1.Flagged.$Properties): barograph.v1.Flagged;

            /**
             * Encodes the specified Flagged message. Does not implicitly {@link barograph.v1.Flagged.verify|verify} messages.
             * @param message Flagged message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Flagged.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Flagged message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Flagged & barograph.v1.Flagged.$Shape} Flagged
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Flagged & barograph.v1.Flagged.$Shape;
        }

        namespace Flagged {

            /** Properties of a Flagged. */
            interface $Properties {

                /** Flagged first */
                first?: (number|null);

                /** Flagged count */
                count?: (number|null);

                /** Flagged flag */
                flag?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Flagged. */
            type $Shape = barograph.v1.Flagged.$Properties;
        }

        /**
         * Properties of a CustomMetric.
         * @deprecated Use barograph.v1.CustomMetric.$Properties instead.
         */
        interface ICustomMetric extends barograph.v1.CustomMetric.$Properties {
        }

        /** Represents a CustomMetric. */
        class CustomMetric {

            /**
             * Constructs a new CustomMetric.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.CustomMetric.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CustomMetric name. */
            name: string;

            /** CustomMetric unit. */
            unit: string;

            /** CustomMetric kind. */
            kind: barograph.v1.Kind;

            /**
             * Creates a new CustomMetric instance using the specified properties.
             * @param [properties] Properties to set
             * @returns CustomMetric instance
             */
            static create(properties: barograph.v1.CustomMetric.$Shape): barograph.v1.CustomMetric & barograph.v1.CustomMetric.$Shape;
            static create(properties?: barograph.v1.CustomMetric.$Properties): barograph.v1.CustomMetric;

            /**
             * Encodes the specified CustomMetric message. Does not implicitly {@link barograph.v1.CustomMetric.verify|verify} messages.
             * @param message CustomMetric message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.CustomMetric.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CustomMetric message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.CustomMetric & barograph.v1.CustomMetric.$Shape} CustomMetric
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.CustomMetric & barograph.v1.CustomMetric.$Shape;
        }

        namespace CustomMetric {

            /** Properties of a CustomMetric. */
            interface $Properties {

                /** CustomMetric name */
                name?: (string|null);

                /** CustomMetric unit */
                unit?: (string|null);

                /** CustomMetric kind */
                kind?: (barograph.v1.Kind|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CustomMetric. */
            type $Shape = barograph.v1.CustomMetric.$Properties;
        }

        /** Kind enum. */
        enum Kind {

            /** LEVEL value */
            LEVEL = 0,

            /** TOTAL value */
            TOTAL = 1,

            /** DIRECTION value */
            DIRECTION = 2
        }

        /**
         * Properties of a Mark.
         * @deprecated Use barograph.v1.Mark.$Properties instead.
         */
        interface IMark extends barograph.v1.Mark.$Properties {
        }

        /** Represents a Mark. */
        class Mark {

            /**
             * Constructs a new Mark.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Mark.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Mark index. */
            index: number;

            /** Mark kind. */
            kind: barograph.v1.MarkKind;

            /** Mark code. */
            code: string;

            /** Mark detail. */
            detail: string;

            /**
             * Creates a new Mark instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Mark instance
             */
            static create(properties: barograph.v1.Mark.$Shape): barograph.v1.Mark & barograph.v1.Mark.$Shape;
            static create(properties?: barograph.v1.Mark.$Properties): barograph.v1.Mark;

            /**
             * Encodes the specified Mark message. Does not implicitly {@link barograph.v1.Mark.verify|verify} messages.
             * @param message Mark message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Mark.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Mark message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Mark & barograph.v1.Mark.$Shape} Mark
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Mark & barograph.v1.Mark.$Shape;
        }

        namespace Mark {

            /** Properties of a Mark. */
            interface $Properties {

                /** Mark index */
                index?: (number|null);

                /** Mark kind */
                kind?: (barograph.v1.MarkKind|null);

                /** Mark code */
                code?: (string|null);

                /** Mark detail */
                detail?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Mark. */
            type $Shape = barograph.v1.Mark.$Properties;
        }

        /** MarkKind enum. */
        enum MarkKind {

            /** NONE value */
            NONE = 0,

            /** FAULT value */
            FAULT = 1,

            /** START value */
            START = 2,

            /** STOP value */
            STOP = 3
        }

        /**
         * Properties of an Ended.
         * @deprecated Use barograph.v1.Ended.$Properties instead.
         */
        interface IEnded extends barograph.v1.Ended.$Properties {
        }

        /** Represents an Ended. */
        class Ended {

            /**
             * Constructs a new Ended.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Ended.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Ended sensor. */
            sensor: string;

            /** Ended epoch. */
            epoch: Uint8Array;

            /** Ended lastSeq. */
            lastSeq: number;

            /**
             * Creates a new Ended instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Ended instance
             */
            static create(properties: barograph.v1.Ended.$Shape): barograph.v1.Ended & barograph.v1.Ended.$Shape;
            static create(properties?: barograph.v1.Ended.$Properties): barograph.v1.Ended;

            /**
             * Encodes the specified Ended message. Does not implicitly {@link barograph.v1.Ended.verify|verify} messages.
             * @param message Ended message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Ended.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Ended message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Ended & barograph.v1.Ended.$Shape} Ended
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Ended & barograph.v1.Ended.$Shape;
        }

        namespace Ended {

            /** Properties of an Ended. */
            interface $Properties {

                /** Ended sensor */
                sensor?: (string|null);

                /** Ended epoch */
                epoch?: (Uint8Array|null);

                /** Ended lastSeq */
                lastSeq?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Ended. */
            type $Shape = barograph.v1.Ended.$Properties;
        }

        /**
         * Properties of a Lost.
         * @deprecated Use barograph.v1.Lost.$Properties instead.
         */
        interface ILost extends barograph.v1.Lost.$Properties {
        }

        /** Represents a Lost. */
        class Lost {

            /**
             * Constructs a new Lost.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Lost.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Lost sensor. */
            sensor: string;

            /** Lost epoch. */
            epoch: Uint8Array;

            /** Lost firstSeq. */
            firstSeq: number;

            /** Lost lastSeq. */
            lastSeq: number;

            /** Lost cause. */
            cause: string;

            /**
             * Creates a new Lost instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Lost instance
             */
            static create(properties: barograph.v1.Lost.$Shape): barograph.v1.Lost & barograph.v1.Lost.$Shape;
            static create(properties?: barograph.v1.Lost.$Properties): barograph.v1.Lost;

            /**
             * Encodes the specified Lost message. Does not implicitly {@link barograph.v1.Lost.verify|verify} messages.
             * @param message Lost message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Lost.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Lost message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Lost & barograph.v1.Lost.$Shape} Lost
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Lost & barograph.v1.Lost.$Shape;
        }

        namespace Lost {

            /** Properties of a Lost. */
            interface $Properties {

                /** Lost sensor */
                sensor?: (string|null);

                /** Lost epoch */
                epoch?: (Uint8Array|null);

                /** Lost firstSeq */
                firstSeq?: (number|null);

                /** Lost lastSeq */
                lastSeq?: (number|null);

                /** Lost cause */
                cause?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Lost. */
            type $Shape = barograph.v1.Lost.$Properties;
        }

        /**
         * Properties of a Summary.
         * @deprecated Use barograph.v1.Summary.$Properties instead.
         */
        interface ISummary extends barograph.v1.Summary.$Properties {
        }

        /** Represents a Summary. */
        class Summary {

            /**
             * Constructs a new Summary.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Summary.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Summary sensor. */
            sensor: string;

            /** Summary epoch. */
            epoch: Uint8Array;

            /** Summary firstSeq. */
            firstSeq: number;

            /** Summary lastSeq. */
            lastSeq: number;

            /** Summary intervalMs. */
            intervalMs: number;

            /** Summary minutes. */
            minutes: barograph.v1.Minute.$Properties[];

            /**
             * Creates a new Summary instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Summary instance
             */
            static create(properties: barograph.v1.Summary.$Shape): barograph.v1.Summary & barograph.v1.Summary.$Shape;
            static create(properties?: barograph.v1.Summary.$Properties): barograph.v1.Summary;

            /**
             * Encodes the specified Summary message. Does not implicitly {@link barograph.v1.Summary.verify|verify} messages.
             * @param message Summary message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Summary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Summary message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Summary & barograph.v1.Summary.$Shape} Summary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Summary & barograph.v1.Summary.$Shape;
        }

        namespace Summary {

            /** Properties of a Summary. */
            interface $Properties {

                /** Summary sensor */
                sensor?: (string|null);

                /** Summary epoch */
                epoch?: (Uint8Array|null);

                /** Summary firstSeq */
                firstSeq?: (number|null);

                /** Summary lastSeq */
                lastSeq?: (number|null);

                /** Summary intervalMs */
                intervalMs?: (number|null);

                /** Summary minutes */
                minutes?: (barograph.v1.Minute.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Summary. */
            type $Shape = barograph.v1.Summary.$Properties;
        }

        /**
         * Properties of a Minute.
         * @deprecated Use barograph.v1.Minute.$Properties instead.
         */
        interface IMinute extends barograph.v1.Minute.$Properties {
        }

        /** Represents a Minute. */
        class Minute {

            /**
             * Constructs a new Minute.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Minute.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Minute start. */
            start: number;

            /** Minute received. */
            received: number;

            /** Minute figures. */
            figures: barograph.v1.Figures.$Properties[];

            /**
             * Creates a new Minute instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Minute instance
             */
            static create(properties: barograph.v1.Minute.$Shape): barograph.v1.Minute & barograph.v1.Minute.$Shape;
            static create(properties?: barograph.v1.Minute.$Properties): barograph.v1.Minute;

            /**
             * Encodes the specified Minute message. Does not implicitly {@link barograph.v1.Minute.verify|verify} messages.
             * @param message Minute message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Minute.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Minute message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Minute & barograph.v1.Minute.$Shape} Minute
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Minute & barograph.v1.Minute.$Shape;
        }

        namespace Minute {

            /** Properties of a Minute. */
            interface $Properties {

                /** Minute start */
                start?: (number|null);

                /** Minute received */
                received?: (number|null);

                /** Minute figures */
                figures?: (barograph.v1.Figures.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Minute. */
            type $Shape = barograph.v1.Minute.$Properties;
        }

        /**
         * Properties of a Figures.
         * @deprecated Use barograph.v1.Figures.$Properties instead.
         */
        interface IFigures extends barograph.v1.Figures.$Properties {
        }

        /** Represents a Figures. */
        class Figures {

            /**
             * Constructs a new Figures.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Figures.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Figures metric. */
            metric: number;

            /** Figures custom. */
            custom?: (barograph.v1.CustomMetric.$Properties|null);

            /** Figures count. */
            count: number;

            /** Figures flagged. */
            flagged: number;

            /** Figures suspect. */
            suspect: number;

            /** Figures sum. */
            sum: number;

            /** Figures sine. */
            sine: number;

            /** Figures cosine. */
            cosine: number;

            /** Figures min. */
            min: number;

            /** Figures minAfter. */
            minAfter: number;

            /** Figures max. */
            max: number;

            /** Figures maxAfter. */
            maxAfter: number;

            /** Figures first. */
            first: number;

            /** Figures firstAfter. */
            firstAfter: number;

            /** Figures last. */
            last: number;

            /** Figures lastAfter. */
            lastAfter: number;

            /**
             * Creates a new Figures instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Figures instance
             */
            static create(properties: barograph.v1.Figures.$Shape): barograph.v1.Figures & barograph.v1.Figures.$Shape;
            static create(properties?: barograph.v1.Figures.$Properties): barograph.v1.Figures;

            /**
             * Encodes the specified Figures message. Does not implicitly {@link barograph.v1.Figures.verify|verify} messages.
             * @param message Figures message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Figures.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Figures message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Figures & barograph.v1.Figures.$Shape} Figures
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Figures & barograph.v1.Figures.$Shape;
        }

        namespace Figures {

            /** Properties of a Figures. */
            interface $Properties {

                /** Figures metric */
                metric?: (number|null);

                /** Figures custom */
                custom?: (barograph.v1.CustomMetric.$Properties|null);

                /** Figures count */
                count?: (number|null);

                /** Figures flagged */
                flagged?: (number|null);

                /** Figures suspect */
                suspect?: (number|null);

                /** Figures sum */
                sum?: (number|null);

                /** Figures sine */
                sine?: (number|null);

                /** Figures cosine */
                cosine?: (number|null);

                /** Figures min */
                min?: (number|null);

                /** Figures minAfter */
                minAfter?: (number|null);

                /** Figures max */
                max?: (number|null);

                /** Figures maxAfter */
                maxAfter?: (number|null);

                /** Figures first */
                first?: (number|null);

                /** Figures firstAfter */
                firstAfter?: (number|null);

                /** Figures last */
                last?: (number|null);

                /** Figures lastAfter */
                lastAfter?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Figures. */
            type $Shape = barograph.v1.Figures.$Properties;
        }

        /**
         * Properties of a Site.
         * @deprecated Use barograph.v1.Site.$Properties instead.
         */
        interface ISite extends barograph.v1.Site.$Properties {
        }

        /** Represents a Site. */
        class Site {

            /**
             * Constructs a new Site.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Site.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Site version. */
            version: number;

            /** Site name. */
            name: string;

            /** Site latitude. */
            latitude: number;

            /** Site longitude. */
            longitude: number;

            /** Site altitudeM. */
            altitudeM: number;

            /** Site timeZone. */
            timeZone: string;

            /** Site validFrom. */
            validFrom: number;

            /**
             * Creates a new Site instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Site instance
             */
            static create(properties: barograph.v1.Site.$Shape): barograph.v1.Site & barograph.v1.Site.$Shape;
            static create(properties?: barograph.v1.Site.$Properties): barograph.v1.Site;

            /**
             * Encodes the specified Site message. Does not implicitly {@link barograph.v1.Site.verify|verify} messages.
             * @param message Site message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Site.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Site message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Site & barograph.v1.Site.$Shape} Site
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Site & barograph.v1.Site.$Shape;
        }

        namespace Site {

            /** Properties of a Site. */
            interface $Properties {

                /** Site version */
                version?: (number|null);

                /** Site name */
                name?: (string|null);

                /** Site latitude */
                latitude?: (number|null);

                /** Site longitude */
                longitude?: (number|null);

                /** Site altitudeM */
                altitudeM?: (number|null);

                /** Site timeZone */
                timeZone?: (string|null);

                /** Site validFrom */
                validFrom?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Site. */
            type $Shape = barograph.v1.Site.$Properties;
        }

        /**
         * Properties of a Hello.
         * @deprecated Use barograph.v1.Hello.$Properties instead.
         */
        interface IHello extends barograph.v1.Hello.$Properties {
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Hello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Hello streams. */
            streams: barograph.v1.StreamEpoch.$Properties[];

            /**
             * Creates a new Hello instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Hello instance
             */
            static create(properties: barograph.v1.Hello.$Shape): barograph.v1.Hello & barograph.v1.Hello.$Shape;
            static create(properties?: barograph.v1.Hello.$Properties): barograph.v1.Hello;

            /**
             * Encodes the specified Hello message. Does not implicitly {@link barograph.v1.Hello.verify|verify} messages.
             * @param message Hello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Hello & barograph.v1.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Hello & barograph.v1.Hello.$Shape;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello streams */
                streams?: (barograph.v1.StreamEpoch.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Hello. */
            type $Shape = barograph.v1.Hello.$Properties;
        }

        /**
         * Properties of a StreamEpoch.
         * @deprecated Use barograph.v1.StreamEpoch.$Properties instead.
         */
        interface IStreamEpoch extends barograph.v1.StreamEpoch.$Properties {
        }

        /** Represents a StreamEpoch. */
        class StreamEpoch {

            /**
             * Constructs a new StreamEpoch.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.StreamEpoch.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StreamEpoch sensor. */
            sensor: string;

            /** StreamEpoch epoch. */
            epoch: Uint8Array;

            /**
             * Creates a new StreamEpoch instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StreamEpoch instance
             */
            static create(properties: barograph.v1.StreamEpoch.$Shape): barograph.v1.StreamEpoch & barograph.v1.StreamEpoch.$Shape;
            static create(properties?: barograph.v1.StreamEpoch.$Properties): barograph.v1.StreamEpoch;

            /**
             * Encodes the specified StreamEpoch message. Does not implicitly {@link barograph.v1.StreamEpoch.verify|verify} messages.
             * @param message StreamEpoch message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.StreamEpoch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StreamEpoch message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.StreamEpoch & barograph.v1.StreamEpoch.$Shape} StreamEpoch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.StreamEpoch & barograph.v1.StreamEpoch.$Shape;
        }

        namespace StreamEpoch {

            /** Properties of a StreamEpoch. */
            interface $Properties {

                /** StreamEpoch sensor */
                sensor?: (string|null);

                /** StreamEpoch epoch */
                epoch?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StreamEpoch. */
            type $Shape = barograph.v1.StreamEpoch.$Properties;
        }

        /**
         * Properties of a Status.
         * @deprecated Use barograph.v1.Status.$Properties instead.
         */
        interface IStatus extends barograph.v1.Status.$Properties {
        }

        /** Represents a Status. */
        class Status {

            /**
             * Constructs a new Status.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Status.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Status version. */
            version: number;

            /** Status online. */
            online: boolean;

            /** Status agentVersion. */
            agentVersion: string;

            /** Status location. */
            location: string;

            /** Status state. */
            state: string;

            /** Status batteryPercent. */
            batteryPercent: number;

            /** Status sensors. */
            sensors: barograph.v1.SensorStatus.$Properties[];

            /** Status primary. */
            primary: barograph.v1.Primary.$Properties[];

            /** Status time. */
            time: number;

            /** Status clock. */
            clock?: (barograph.v1.ClockStatus.$Properties|null);

            /**
             * Creates a new Status instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Status instance
             */
            static create(properties: barograph.v1.Status.$Shape): barograph.v1.Status & barograph.v1.Status.$Shape;
            static create(properties?: barograph.v1.Status.$Properties): barograph.v1.Status;

            /**
             * Encodes the specified Status message. Does not implicitly {@link barograph.v1.Status.verify|verify} messages.
             * @param message Status message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Status.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Status message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Status & barograph.v1.Status.$Shape} Status
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Status & barograph.v1.Status.$Shape;
        }

        namespace Status {

            /** Properties of a Status. */
            interface $Properties {

                /** Status version */
                version?: (number|null);

                /** Status online */
                online?: (boolean|null);

                /** Status agentVersion */
                agentVersion?: (string|null);

                /** Status location */
                location?: (string|null);

                /** Status state */
                state?: (string|null);

                /** Status batteryPercent */
                batteryPercent?: (number|null);

                /** Status sensors */
                sensors?: (barograph.v1.SensorStatus.$Properties[]|null);

                /** Status primary */
                primary?: (barograph.v1.Primary.$Properties[]|null);

                /** Status time */
                time?: (number|null);

                /** Status clock */
                clock?: (barograph.v1.ClockStatus.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Status. */
            type $Shape = barograph.v1.Status.$Properties;
        }

        /**
         * Properties of a ClockStatus.
         * @deprecated Use barograph.v1.ClockStatus.$Properties instead.
         */
        interface IClockStatus extends barograph.v1.ClockStatus.$Properties {
        }

        /** Represents a ClockStatus. */
        class ClockStatus {

            /**
             * Constructs a new ClockStatus.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.ClockStatus.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ClockStatus source. */
            source: barograph.v1.ClockSource;

            /** ClockStatus errorMs. */
            errorMs: number;

            /** ClockStatus offMs. */
            offMs: number;

            /**
             * Creates a new ClockStatus instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ClockStatus instance
             */
            static create(properties: barograph.v1.ClockStatus.$Shape): barograph.v1.ClockStatus & barograph.v1.ClockStatus.$Shape;
            static create(properties?: barograph.v1.ClockStatus.$Properties): barograph.v1.ClockStatus;

            /**
             * Encodes the specified ClockStatus message. Does not implicitly {@link barograph.v1.ClockStatus.verify|verify} messages.
             * @param message ClockStatus message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.ClockStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ClockStatus message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.ClockStatus & barograph.v1.ClockStatus.$Shape} ClockStatus
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.ClockStatus & barograph.v1.ClockStatus.$Shape;
        }

        namespace ClockStatus {

            /** Properties of a ClockStatus. */
            interface $Properties {

                /** ClockStatus source */
                source?: (barograph.v1.ClockSource|null);

                /** ClockStatus errorMs */
                errorMs?: (number|null);

                /** ClockStatus offMs */
                offMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ClockStatus. */
            type $Shape = barograph.v1.ClockStatus.$Properties;
        }

        /** ClockSource enum. */
        enum ClockSource {

            /** NOBODY value */
            NOBODY = 0,

            /** SYSTEM value */
            SYSTEM = 1,

            /** COLLECTOR_TIME value */
            COLLECTOR_TIME = 2
        }

        /**
         * Properties of a SensorStatus.
         * @deprecated Use barograph.v1.SensorStatus.$Properties instead.
         */
        interface ISensorStatus extends barograph.v1.SensorStatus.$Properties {
        }

        /** Represents a SensorStatus. */
        class SensorStatus {

            /**
             * Constructs a new SensorStatus.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.SensorStatus.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SensorStatus sensor. */
            sensor: string;

            /** SensorStatus type. */
            type: string;

            /** SensorStatus intervalMs. */
            intervalMs: number;

            /** SensorStatus origin. */
            origin: string;

            /** SensorStatus epoch. */
            epoch: Uint8Array;

            /** SensorStatus accepted. */
            accepted: number;

            /** SensorStatus backlog. */
            backlog: number;

            /** SensorStatus faultCode. */
            faultCode: string;

            /** SensorStatus faultDetail. */
            faultDetail: string;

            /** SensorStatus faultSince. */
            faultSince: number;

            /**
             * Creates a new SensorStatus instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SensorStatus instance
             */
            static create(properties: barograph.v1.SensorStatus.$Shape): barograph.v1.SensorStatus & barograph.v1.SensorStatus.$Shape;
            static create(properties?: barograph.v1.SensorStatus.$Properties): barograph.v1.SensorStatus;

            /**
             * Encodes the specified SensorStatus message. Does not implicitly {@link barograph.v1.SensorStatus.verify|verify} messages.
             * @param message SensorStatus message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.SensorStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SensorStatus message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.SensorStatus & barograph.v1.SensorStatus.$Shape} SensorStatus
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.SensorStatus & barograph.v1.SensorStatus.$Shape;
        }

        namespace SensorStatus {

            /** Properties of a SensorStatus. */
            interface $Properties {

                /** SensorStatus sensor */
                sensor?: (string|null);

                /** SensorStatus type */
                type?: (string|null);

                /** SensorStatus intervalMs */
                intervalMs?: (number|null);

                /** SensorStatus origin */
                origin?: (string|null);

                /** SensorStatus epoch */
                epoch?: (Uint8Array|null);

                /** SensorStatus accepted */
                accepted?: (number|null);

                /** SensorStatus backlog */
                backlog?: (number|null);

                /** SensorStatus faultCode */
                faultCode?: (string|null);

                /** SensorStatus faultDetail */
                faultDetail?: (string|null);

                /** SensorStatus faultSince */
                faultSince?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SensorStatus. */
            type $Shape = barograph.v1.SensorStatus.$Properties;
        }

        /**
         * Properties of a Primary.
         * @deprecated Use barograph.v1.Primary.$Properties instead.
         */
        interface IPrimary extends barograph.v1.Primary.$Properties {
        }

        /** Represents a Primary. */
        class Primary {

            /**
             * Constructs a new Primary.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Primary.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Primary metric. */
            metric: string;

            /** Primary sensor. */
            sensor: string;

            /**
             * Creates a new Primary instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Primary instance
             */
            static create(properties: barograph.v1.Primary.$Shape): barograph.v1.Primary & barograph.v1.Primary.$Shape;
            static create(properties?: barograph.v1.Primary.$Properties): barograph.v1.Primary;

            /**
             * Encodes the specified Primary message. Does not implicitly {@link barograph.v1.Primary.verify|verify} messages.
             * @param message Primary message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Primary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Primary message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Primary & barograph.v1.Primary.$Shape} Primary
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Primary & barograph.v1.Primary.$Shape;
        }

        namespace Primary {

            /** Properties of a Primary. */
            interface $Properties {

                /** Primary metric */
                metric?: (string|null);

                /** Primary sensor */
                sensor?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Primary. */
            type $Shape = barograph.v1.Primary.$Properties;
        }

        /**
         * Properties of a Receipt.
         * @deprecated Use barograph.v1.Receipt.$Properties instead.
         */
        interface IReceipt extends barograph.v1.Receipt.$Properties {
        }

        /** Represents a Receipt. */
        class Receipt {

            /**
             * Constructs a new Receipt.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Receipt.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Receipt version. */
            version: number;

            /** Receipt collectorTime. */
            collectorTime: number;

            /** Receipt siteVersion. */
            siteVersion: number;

            /** Receipt streams. */
            streams: barograph.v1.StreamReceipt.$Properties[];

            /** Receipt timeToken. */
            timeToken: number;

            /**
             * Creates a new Receipt instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Receipt instance
             */
            static create(properties: barograph.v1.Receipt.$Shape): barograph.v1.Receipt & barograph.v1.Receipt.$Shape;
            static create(properties?: barograph.v1.Receipt.$Properties): barograph.v1.Receipt;

            /**
             * Encodes the specified Receipt message. Does not implicitly {@link barograph.v1.Receipt.verify|verify} messages.
             * @param message Receipt message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Receipt.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Receipt message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Receipt & barograph.v1.Receipt.$Shape} Receipt
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Receipt & barograph.v1.Receipt.$Shape;
        }

        namespace Receipt {

            /** Properties of a Receipt. */
            interface $Properties {

                /** Receipt version */
                version?: (number|null);

                /** Receipt collectorTime */
                collectorTime?: (number|null);

                /** Receipt siteVersion */
                siteVersion?: (number|null);

                /** Receipt streams */
                streams?: (barograph.v1.StreamReceipt.$Properties[]|null);

                /** Receipt timeToken */
                timeToken?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Receipt. */
            type $Shape = barograph.v1.Receipt.$Properties;
        }

        /**
         * Properties of a StreamReceipt.
         * @deprecated Use barograph.v1.StreamReceipt.$Properties instead.
         */
        interface IStreamReceipt extends barograph.v1.StreamReceipt.$Properties {
        }

        /** Represents a StreamReceipt. */
        class StreamReceipt {

            /**
             * Constructs a new StreamReceipt.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.StreamReceipt.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StreamReceipt sensor. */
            sensor: string;

            /** StreamReceipt epoch. */
            epoch: Uint8Array;

            /** StreamReceipt logged. */
            logged: number[];

            /** StreamReceipt stored. */
            stored: number[];

            /** StreamReceipt lost. */
            lost: number[];

            /** StreamReceipt refused. */
            refused: barograph.v1.RefusedRange.$Properties[];

            /** StreamReceipt ended. */
            ended: number;

            /**
             * Creates a new StreamReceipt instance using the specified properties.
             * @param [properties] Properties to set
             * @returns StreamReceipt instance
             */
            static create(properties: barograph.v1.StreamReceipt.$Shape): barograph.v1.StreamReceipt & barograph.v1.StreamReceipt.$Shape;
            static create(properties?: barograph.v1.StreamReceipt.$Properties): barograph.v1.StreamReceipt;

            /**
             * Encodes the specified StreamReceipt message. Does not implicitly {@link barograph.v1.StreamReceipt.verify|verify} messages.
             * @param message StreamReceipt message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.StreamReceipt.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StreamReceipt message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.StreamReceipt & barograph.v1.StreamReceipt.$Shape} StreamReceipt
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.StreamReceipt & barograph.v1.StreamReceipt.$Shape;
        }

        namespace StreamReceipt {

            /** Properties of a StreamReceipt. */
            interface $Properties {

                /** StreamReceipt sensor */
                sensor?: (string|null);

                /** StreamReceipt epoch */
                epoch?: (Uint8Array|null);

                /** StreamReceipt logged */
                logged?: (number[]|null);

                /** StreamReceipt stored */
                stored?: (number[]|null);

                /** StreamReceipt lost */
                lost?: (number[]|null);

                /** StreamReceipt refused */
                refused?: (barograph.v1.RefusedRange.$Properties[]|null);

                /** StreamReceipt ended */
                ended?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StreamReceipt. */
            type $Shape = barograph.v1.StreamReceipt.$Properties;
        }

        /**
         * Properties of a RefusedRange.
         * @deprecated Use barograph.v1.RefusedRange.$Properties instead.
         */
        interface IRefusedRange extends barograph.v1.RefusedRange.$Properties {
        }

        /** Represents a RefusedRange. */
        class RefusedRange {

            /**
             * Constructs a new RefusedRange.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.RefusedRange.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RefusedRange firstSeq. */
            firstSeq: number;

            /** RefusedRange lastSeq. */
            lastSeq: number;

            /** RefusedRange reason. */
            reason: string;

            /**
             * Creates a new RefusedRange instance using the specified properties.
             * @param [properties] Properties to set
             * @returns RefusedRange instance
             */
            static create(properties: barograph.v1.RefusedRange.$Shape): barograph.v1.RefusedRange & barograph.v1.RefusedRange.$Shape;
            static create(properties?: barograph.v1.RefusedRange.$Properties): barograph.v1.RefusedRange;

            /**
             * Encodes the specified RefusedRange message. Does not implicitly {@link barograph.v1.RefusedRange.verify|verify} messages.
             * @param message RefusedRange message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.RefusedRange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RefusedRange message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.RefusedRange & barograph.v1.RefusedRange.$Shape} RefusedRange
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.RefusedRange & barograph.v1.RefusedRange.$Shape;
        }

        namespace RefusedRange {

            /** Properties of a RefusedRange. */
            interface $Properties {

                /** RefusedRange firstSeq */
                firstSeq?: (number|null);

                /** RefusedRange lastSeq */
                lastSeq?: (number|null);

                /** RefusedRange reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RefusedRange. */
            type $Shape = barograph.v1.RefusedRange.$Properties;
        }

        /**
         * Properties of a Refusal.
         * @deprecated Use barograph.v1.Refusal.$Properties instead.
         */
        interface IRefusal extends barograph.v1.Refusal.$Properties {
        }

        /** Represents a Refusal. */
        class Refusal {

            /**
             * Constructs a new Refusal.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Refusal.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Refusal version. */
            version: number;

            /** Refusal device. */
            device: string;

            /** Refusal refused. */
            refused: barograph.v1.Refused.$Properties[];

            /**
             * Creates a new Refusal instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Refusal instance
             */
            static create(properties: barograph.v1.Refusal.$Shape): barograph.v1.Refusal & barograph.v1.Refusal.$Shape;
            static create(properties?: barograph.v1.Refusal.$Properties): barograph.v1.Refusal;

            /**
             * Encodes the specified Refusal message. Does not implicitly {@link barograph.v1.Refusal.verify|verify} messages.
             * @param message Refusal message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Refusal.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Refusal message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Refusal & barograph.v1.Refusal.$Shape} Refusal
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Refusal & barograph.v1.Refusal.$Shape;
        }

        namespace Refusal {

            /** Properties of a Refusal. */
            interface $Properties {

                /** Refusal version */
                version?: (number|null);

                /** Refusal device */
                device?: (string|null);

                /** Refusal refused */
                refused?: (barograph.v1.Refused.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Refusal. */
            type $Shape = barograph.v1.Refusal.$Properties;
        }

        /**
         * Properties of a Refused.
         * @deprecated Use barograph.v1.Refused.$Properties instead.
         */
        interface IRefused extends barograph.v1.Refused.$Properties {
        }

        /** Represents a Refused. */
        class Refused {

            /**
             * Constructs a new Refused.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Refused.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Refused sensor. */
            sensor: string;

            /** Refused epoch. */
            epoch: Uint8Array;

            /** Refused firstSeq. */
            firstSeq: number;

            /** Refused lastSeq. */
            lastSeq: number;

            /** Refused reason. */
            reason: string;

            /**
             * Creates a new Refused instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Refused instance
             */
            static create(properties: barograph.v1.Refused.$Shape): barograph.v1.Refused & barograph.v1.Refused.$Shape;
            static create(properties?: barograph.v1.Refused.$Properties): barograph.v1.Refused;

            /**
             * Encodes the specified Refused message. Does not implicitly {@link barograph.v1.Refused.verify|verify} messages.
             * @param message Refused message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Refused.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Refused message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Refused & barograph.v1.Refused.$Shape} Refused
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Refused & barograph.v1.Refused.$Shape;
        }

        namespace Refused {

            /** Properties of a Refused. */
            interface $Properties {

                /** Refused sensor */
                sensor?: (string|null);

                /** Refused epoch */
                epoch?: (Uint8Array|null);

                /** Refused firstSeq */
                firstSeq?: (number|null);

                /** Refused lastSeq */
                lastSeq?: (number|null);

                /** Refused reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Refused. */
            type $Shape = barograph.v1.Refused.$Properties;
        }

        /**
         * Properties of a Settings.
         * @deprecated Use barograph.v1.Settings.$Properties instead.
         */
        interface ISettings extends barograph.v1.Settings.$Properties {
        }

        /** Represents a Settings. */
        class Settings {

            /**
             * Constructs a new Settings.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Settings.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Settings version. */
            version: number;

            /** Settings defaultTimeZone. */
            defaultTimeZone: string;

            /** Settings levels. */
            levels: string[];

            /**
             * Creates a new Settings instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Settings instance
             */
            static create(properties: barograph.v1.Settings.$Shape): barograph.v1.Settings & barograph.v1.Settings.$Shape;
            static create(properties?: barograph.v1.Settings.$Properties): barograph.v1.Settings;

            /**
             * Encodes the specified Settings message. Does not implicitly {@link barograph.v1.Settings.verify|verify} messages.
             * @param message Settings message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Settings.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Settings message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Settings & barograph.v1.Settings.$Shape} Settings
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Settings & barograph.v1.Settings.$Shape;
        }

        namespace Settings {

            /** Properties of a Settings. */
            interface $Properties {

                /** Settings version */
                version?: (number|null);

                /** Settings defaultTimeZone */
                defaultTimeZone?: (string|null);

                /** Settings levels */
                levels?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Settings. */
            type $Shape = barograph.v1.Settings.$Properties;
        }

        /**
         * Properties of a Release.
         * @deprecated Use barograph.v1.Release.$Properties instead.
         */
        interface IRelease extends barograph.v1.Release.$Properties {
        }

        /** Represents a Release. */
        class Release {

            /**
             * Constructs a new Release.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Release.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Release version. */
            version: number;

            /** Release device. */
            device: string;

            /** Release ranges. */
            ranges: barograph.v1.Range.$Properties[];

            /** Release by. */
            by: string;

            /** Release why. */
            why: string;

            /**
             * Creates a new Release instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Release instance
             */
            static create(properties: barograph.v1.Release.$Shape): barograph.v1.Release & barograph.v1.Release.$Shape;
            static create(properties?: barograph.v1.Release.$Properties): barograph.v1.Release;

            /**
             * Encodes the specified Release message. Does not implicitly {@link barograph.v1.Release.verify|verify} messages.
             * @param message Release message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Release.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Release message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Release & barograph.v1.Release.$Shape} Release
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Release & barograph.v1.Release.$Shape;
        }

        namespace Release {

            /** Properties of a Release. */
            interface $Properties {

                /** Release version */
                version?: (number|null);

                /** Release device */
                device?: (string|null);

                /** Release ranges */
                ranges?: (barograph.v1.Range.$Properties[]|null);

                /** Release by */
                by?: (string|null);

                /** Release why */
                why?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Release. */
            type $Shape = barograph.v1.Release.$Properties;
        }

        /**
         * Properties of a Range.
         * @deprecated Use barograph.v1.Range.$Properties instead.
         */
        interface IRange extends barograph.v1.Range.$Properties {
        }

        /** Represents a Range. */
        class Range {

            /**
             * Constructs a new Range.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Range.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Range sensor. */
            sensor: string;

            /** Range epoch. */
            epoch: Uint8Array;

            /** Range firstSeq. */
            firstSeq: number;

            /** Range lastSeq. */
            lastSeq: number;

            /**
             * Creates a new Range instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Range instance
             */
            static create(properties: barograph.v1.Range.$Shape): barograph.v1.Range & barograph.v1.Range.$Shape;
            static create(properties?: barograph.v1.Range.$Properties): barograph.v1.Range;

            /**
             * Encodes the specified Range message. Does not implicitly {@link barograph.v1.Range.verify|verify} messages.
             * @param message Range message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Range.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Range message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Range & barograph.v1.Range.$Shape} Range
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Range & barograph.v1.Range.$Shape;
        }

        namespace Range {

            /** Properties of a Range. */
            interface $Properties {

                /** Range sensor */
                sensor?: (string|null);

                /** Range epoch */
                epoch?: (Uint8Array|null);

                /** Range firstSeq */
                firstSeq?: (number|null);

                /** Range lastSeq */
                lastSeq?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Range. */
            type $Shape = barograph.v1.Range.$Properties;
        }

        /**
         * Properties of an Expire.
         * @deprecated Use barograph.v1.Expire.$Properties instead.
         */
        interface IExpire extends barograph.v1.Expire.$Properties {
        }

        /** Represents an Expire. */
        class Expire {

            /**
             * Constructs a new Expire.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.Expire.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Expire version. */
            version: number;

            /** Expire device. */
            device: string;

            /** Expire raw. */
            raw: barograph.v1.RawExpiry.$Properties[];

            /** Expire levels. */
            levels: barograph.v1.LevelExpiry.$Properties[];

            /** Expire knownGeneration. */
            knownGeneration: number;

            /** Expire knownOffset. */
            knownOffset: number;

            /**
             * Creates a new Expire instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Expire instance
             */
            static create(properties: barograph.v1.Expire.$Shape): barograph.v1.Expire & barograph.v1.Expire.$Shape;
            static create(properties?: barograph.v1.Expire.$Properties): barograph.v1.Expire;

            /**
             * Encodes the specified Expire message. Does not implicitly {@link barograph.v1.Expire.verify|verify} messages.
             * @param message Expire message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.Expire.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Expire message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.Expire & barograph.v1.Expire.$Shape} Expire
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.Expire & barograph.v1.Expire.$Shape;
        }

        namespace Expire {

            /** Properties of an Expire. */
            interface $Properties {

                /** Expire version */
                version?: (number|null);

                /** Expire device */
                device?: (string|null);

                /** Expire raw */
                raw?: (barograph.v1.RawExpiry.$Properties[]|null);

                /** Expire levels */
                levels?: (barograph.v1.LevelExpiry.$Properties[]|null);

                /** Expire knownGeneration */
                knownGeneration?: (number|null);

                /** Expire knownOffset */
                knownOffset?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Expire. */
            type $Shape = barograph.v1.Expire.$Properties;
        }

        /**
         * Properties of a RawExpiry.
         * @deprecated Use barograph.v1.RawExpiry.$Properties instead.
         */
        interface IRawExpiry extends barograph.v1.RawExpiry.$Properties {
        }

        /** Represents a RawExpiry. */
        class RawExpiry {

            /**
             * Constructs a new RawExpiry.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.RawExpiry.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RawExpiry sensor. */
            sensor: string;

            /** RawExpiry epoch. */
            epoch: Uint8Array;

            /** RawExpiry ranges. */
            ranges: number[];

            /**
             * Creates a new RawExpiry instance using the specified properties.
             * @param [properties] Properties to set
             * @returns RawExpiry instance
             */
            static create(properties: barograph.v1.RawExpiry.$Shape): barograph.v1.RawExpiry & barograph.v1.RawExpiry.$Shape;
            static create(properties?: barograph.v1.RawExpiry.$Properties): barograph.v1.RawExpiry;

            /**
             * Encodes the specified RawExpiry message. Does not implicitly {@link barograph.v1.RawExpiry.verify|verify} messages.
             * @param message RawExpiry message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.RawExpiry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RawExpiry message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.RawExpiry & barograph.v1.RawExpiry.$Shape} RawExpiry
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.RawExpiry & barograph.v1.RawExpiry.$Shape;
        }

        namespace RawExpiry {

            /** Properties of a RawExpiry. */
            interface $Properties {

                /** RawExpiry sensor */
                sensor?: (string|null);

                /** RawExpiry epoch */
                epoch?: (Uint8Array|null);

                /** RawExpiry ranges */
                ranges?: (number[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RawExpiry. */
            type $Shape = barograph.v1.RawExpiry.$Properties;
        }

        /**
         * Properties of a LevelExpiry.
         * @deprecated Use barograph.v1.LevelExpiry.$Properties instead.
         */
        interface ILevelExpiry extends barograph.v1.LevelExpiry.$Properties {
        }

        /** Represents a LevelExpiry. */
        class LevelExpiry {

            /**
             * Constructs a new LevelExpiry.
             * @param [properties] Properties to set
             */
            constructor(properties?: barograph.v1.LevelExpiry.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LevelExpiry sensor. */
            sensor: string;

            /** LevelExpiry level. */
            level: string;

            /** LevelExpiry before. */
            before: number;

            /**
             * Creates a new LevelExpiry instance using the specified properties.
             * @param [properties] Properties to set
             * @returns LevelExpiry instance
             */
            static create(properties: barograph.v1.LevelExpiry.$Shape): barograph.v1.LevelExpiry & barograph.v1.LevelExpiry.$Shape;
            static create(properties?: barograph.v1.LevelExpiry.$Properties): barograph.v1.LevelExpiry;

            /**
             * Encodes the specified LevelExpiry message. Does not implicitly {@link barograph.v1.LevelExpiry.verify|verify} messages.
             * @param message LevelExpiry message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: barograph.v1.LevelExpiry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LevelExpiry message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {barograph.v1.LevelExpiry & barograph.v1.LevelExpiry.$Shape} LevelExpiry
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): barograph.v1.LevelExpiry & barograph.v1.LevelExpiry.$Shape;
        }

        namespace LevelExpiry {

            /** Properties of a LevelExpiry. */
            interface $Properties {

                /** LevelExpiry sensor */
                sensor?: (string|null);

                /** LevelExpiry level */
                level?: (string|null);

                /** LevelExpiry before */
                before?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LevelExpiry. */
            type $Shape = barograph.v1.LevelExpiry.$Properties;
        }
    }
}
