import type { Call } from '../../../contracts/calls.ts'
import { type Cdr, cdrFields } from '../../../contracts/cdr.ts'
import type { CallState, EndpointState, Party } from '../../../contracts/facts.ts'
import type { TimeLineEntry } from '../../../contracts/time-line.ts'
import { hidingOthers, type PersonalShape } from '../personal.ts'

/** Personal fields of what several features show. A feature's own shape stands with the feature. */
export const partyShape: PersonalShape<Party> = { number: 'number', name: 'name' }

export const callShape: PersonalShape<CallState> = {
  caller: partyShape,
  dialled: 'number',
  callees: partyShape,
  former: partyShape,
}

/** An endpoint is a device of the site, by which a board is read: its number stays, its person's name does not. */
export const endpointShape: PersonalShape<EndpointState> = {
  name: 'name',
  forward: { target: 'number' },
  forwardBusy: { target: 'number' },
  forwardNoAnswer: { target: 'number' },
  forwardUnavailable: { target: 'number' },
}

/** A recording's file name, and whatever else a PBX writes beside Asterisk's own fields, may hold a number. */
export const cdrShape: PersonalShape<Cdr> = hidingOthers<Cdr>(
  {
    src: 'number',
    dst: 'number',
    clid: 'name',
    channel: 'channel',
    dstchannel: 'channel',
    lastdata: 'text',
    userfield: 'text',
    accountcode: 'text',
    peeraccount: 'text',
  },
  cdrFields,
)

/** A call of the archive. A recording's name often holds the numbers, a summary always does. */
export const archivedCallShape: PersonalShape<Call> = {
  ...callShape,
  answeredBy: partyShape,
  forwardedFrom: 'number',
  transferredTo: 'number',
  story: { who: 'number' },
  summary: 'text',
  recordings: 'text',
  accountcode: 'text',
  cdrs: cdrShape,
  metadata: 'text',
}

export const timeLineShape: PersonalShape<TimeLineEntry> = { callees: partyShape }
