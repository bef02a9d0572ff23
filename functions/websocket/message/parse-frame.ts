import * as v from 'valibot'
import { ClientFrame } from '../../../contracts/frames.ts'
import { clientFrameBytesMax } from '../../../contracts/limits.ts'

export type Parsed =
  | { frame: ClientFrame; refused?: never }
  | { frame?: never; refused: { errorId: string; detail: string } }

/** Parses a client's frame. Returns the frame, or the error to send to the client. */
export function parseFrame(text: string): Parsed {
  if (Buffer.byteLength(text) > clientFrameBytesMax) {
    return refuse('frame-too-large', `The frame is too large: at most ${clientFrameBytesMax} bytes.`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return refuse('frame-not-json', 'The frame is not a JSON object. Example: {"action": "ping"}.')
  }
  const parsed = v.safeParse(ClientFrame, json)
  if (parsed.success) return { frame: parsed.output }
  const [issue] = parsed.issues
  return refuse('frame-invalid', `${v.getDotPath(issue) ?? 'frame'}: ${issue.message}`.slice(0, 300))
}

function refuse(errorId: string, detail: string): Parsed {
  return { refused: { errorId, detail } }
}
