import { InquiryAnswer, InquiryKind, maxLogLines } from '@bellwether/shared/contract/inquiry';
import { deviceIdPattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';

const time = Type.Integer({ minimum: 0 });

/** A question to one device. `hours`: how long it waits for a device that is away. */
export const InquiryRequest = Type.Object(
  {
    kind: InquiryKind,
    /** Of `logs`: the newest so many; 200 when left out. */
    lines: Type.Optional(Type.Integer({ minimum: 1, maximum: maxLogLines })),
    hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 168 })),
  },
  { additionalProperties: false },
);
export type InquiryRequest = Static<typeof InquiryRequest>;

/** A question as operators see it; `answer` once it is there, and only where one is asked for. */
export const InquiryView = Type.Object({
  id: Type.String(),
  device: Type.String({ pattern: deviceIdPattern }),
  kind: InquiryKind,
  state: Type.Union([Type.Literal('waiting'), Type.Literal('answered'), Type.Literal('expired')]),
  by: Type.String(),
  askedAtMs: time,
  expiresAtMs: time,
  answeredAtMs: Type.Union([Type.Null(), time]),
  answer: Type.Optional(InquiryAnswer),
});
export type InquiryView = Static<typeof InquiryView>;

/** Newest first, without the answers. */
export const InquiryList = Type.Object({ inquiries: Type.Array(InquiryView) });
export type InquiryList = Static<typeof InquiryList>;
