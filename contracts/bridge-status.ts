import * as v from 'valibot'
import { CheckResult, Gap, PbxStatus } from './facts.ts'
import { field } from './field.ts'
import { Timestamp } from './names.ts'

/** What the cloud knows about the bridge of a site and, through it, about the PBX. */
export const BridgeStatus = v.looseObject({
  bridge: field(
    v.looseObject({
      state: field(
        v.picklist(['connected', 'lost', 'never']),
        '`lost` if nothing came from the bridge for 20 s; `never` if it never sent anything.',
      ),
      since: v.optional(
        field(Timestamp, 'When the bridge came back after a silence, or when it sent its last message if it is lost.'),
      ),
      version: v.optional(field(v.string(), "Version of the bridge's program.")),
    }),
    'The bridge.',
  ),
  pbx: v.optional(
    field(
      v.looseObject({
        ...PbxStatus.entries,
        version: v.optional(field(v.string(), 'Version of Asterisk, as the bridge last read it.')),
      }),
      'The PBX, as the bridge last said; while the bridge is lost, nobody knows.',
    ),
  ),
  lastHeard: v.optional(field(Timestamp, 'When the cloud last received a message of the bridge.')),
  checks: v.optional(
    field(
      v.array(CheckResult),
      'The checks that the bridge makes while it runs, as it last sent them: at most a minute old.',
    ),
  ),
  lastGap: v.optional(field(Gap, 'The last period for which changes may be missing.')),
})
export type BridgeStatus = v.InferOutput<typeof BridgeStatus>
