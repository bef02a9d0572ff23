import type { Call } from '../../../contracts/calls.ts'
import { type Cdr, cdrFields } from '../../../contracts/cdr.ts'
import type { CallState, EndpointState, Party } from '../../../contracts/facts.ts'
import type { QueueCaller, QueueMember } from '../../../contracts/queues.ts'
import type { TimeLineEntry } from '../../../contracts/time-line.ts'
import { hidingOthers, type PersonalShape } from '../personal.ts'

/** Personal fields of a party. A shape that only one feature needs is in that feature's module. */
export const partyShape: PersonalShape<Party> = { number: 'number', name: 'name' }

export const callShape: PersonalShape<CallState> = {
  caller: partyShape,
  dialled: 'number',
  callees: partyShape,
  former: partyShape,
  answeredBy: partyShape,
}

/** The number of an endpoint is shown, since it names a device of the site; the name of its user is hidden. */
export const endpointShape: PersonalShape<EndpointState> = {
  name: 'name',
  forward: { target: 'number' },
  forwardBusy: { target: 'number' },
  forwardNoAnswer: { target: 'number' },
  forwardUnavailable: { target: 'number' },
}

/** A member may be a mobile outside the site, which its interface then names. The reason of a pause is free text. */
export const queueMemberShape: PersonalShape<QueueMember> = {
  interface: 'channel',
  name: 'name',
  extension: 'extension',
  stateInterface: 'text',
  paused: { reason: 'text' },
}

export const queueCallerShape: PersonalShape<QueueCaller> = { number: 'number', name: 'name' }

/** Fields that a PBX adds to Asterisk's own are hidden too, since they may contain a number, as a recording's file name does. */
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

/** Personal fields of a call of the call log. The names of recordings often contain numbers; the summary always does. */
export const archivedCallShape: PersonalShape<Call> = {
  ...callShape,
  rang: partyShape,
  forwardedFrom: 'number',
  transferredTo: 'number',
  story: { who: 'number' },
  summary: 'text',
  recordings: 'text',
  accountcode: 'text',
  cdrs: cdrShape,
  dials: 'number',
  metadata: 'text',
}

export const timeLineShape: PersonalShape<TimeLineEntry> = { callees: partyShape }
