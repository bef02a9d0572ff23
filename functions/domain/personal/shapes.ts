import type { Call, StoryStep } from '../../../contracts/calls.ts'
import type { Cdr } from '../../../contracts/cdr.ts'
import type { CallState, EndpointState, Party } from '../../../contracts/facts.ts'
import type { Placed } from '../../../contracts/placed.ts'
import type { QueueCaller, QueueCallerPart, QueueMember, QueueMemberPart } from '../../../contracts/queues.ts'
import type { TimeLineEntry } from '../../../contracts/time-line.ts'
import type { PersonalShape } from '../personal.ts'

/** Fields of a party. A shape that only one feature needs is in that feature's module. */
export const partyShape: PersonalShape<Party> = { number: 'number', name: 'name', endpoint: 'shown' }

const placedShape: PersonalShape<Placed> = { stage: 'shown', result: 'shown', cause: 'shown', sipCode: 'shown' }

export const callShape: PersonalShape<CallState> = {
  call: 'shown',
  state: 'shown',
  since: 'shown',
  caller: partyShape,
  dialled: 'number',
  callees: partyShape,
  former: partyShape,
  startedAt: 'shown',
  answeredAt: 'shown',
  endedAt: 'shown',
  cause: 'shown',
  parkedSeconds: 'shown',
  result: 'shown',
  answeredBy: partyShape,
  mergedInto: 'shown',
  placed: placedShape,
  confirmed: 'shown',
}

const forwardShape = { target: 'number', since: 'shown' } as const
const sinceShape = { since: 'shown' } as const

/** The number of an endpoint is shown, since it names a device of the site; the name of its user is hidden. */
export const endpointShape: PersonalShape<EndpointState> = {
  endpoint: 'shown',
  technology: 'shown',
  resource: 'shown',
  deviceState: 'shown',
  reachability: 'shown',
  since: 'shown',
  reachableSince: 'shown',
  number: 'shown',
  name: 'name',
  dnd: sinceShape,
  away: sinceShape,
  forward: forwardShape,
  forwardBusy: forwardShape,
  forwardNoAnswer: forwardShape,
  forwardUnavailable: forwardShape,
  forwardable: 'shown',
  roundTripMs: 'shown',
  mailbox: { new: 'shown', old: 'shown', since: 'shown' },
  trunk: { registration: { state: 'shown', since: 'shown' } },
  confirmed: 'shown',
}

/** A member may be a mobile outside the site, which its interface then names. The reason of a pause is free text. */
export const queueMemberShape: PersonalShape<QueueMember> = {
  interface: 'channel',
  name: 'name',
  extension: 'extension',
  stateInterface: 'text',
  state: 'shown',
  since: 'shown',
  paused: { reason: 'text', since: 'shown' },
  penalty: 'shown',
  callsTaken: 'shown',
  lastCallAt: 'shown',
  membership: 'shown',
  confirmed: 'shown',
}

export const queueCallerShape: PersonalShape<QueueCaller> = {
  uniqueid: 'shown',
  position: 'shown',
  number: 'number',
  name: 'name',
  since: 'shown',
  confirmed: 'shown',
}

/** A part of a queue that is gone; the fields of each part. */
export const queuePartShape = { part: 'shown', queue: 'shown' } as const
export const queueMemberPartShape: PersonalShape<QueueMemberPart> = { ...queuePartShape, ...queueMemberShape }
export const queueCallerPartShape: PersonalShape<QueueCallerPart> = { ...queuePartShape, ...queueCallerShape }
export const queueHeadShape = { ...queuePartShape, strategy: 'shown' } as const

/** Fields that a PBX adds to Asterisk's own are hidden too, since they may contain a number, as a recording's file name does. */
export const cdrShape: PersonalShape<Cdr> = {
  accountcode: 'text',
  src: 'number',
  dst: 'number',
  dcontext: 'shown',
  clid: 'name',
  channel: 'channel',
  dstchannel: 'channel',
  lastapp: 'shown',
  lastdata: 'text',
  start: 'shown',
  answer: 'shown',
  end: 'shown',
  duration: 'shown',
  billsec: 'shown',
  disposition: 'shown',
  amaflags: 'shown',
  uniqueid: 'shown',
  userfield: 'text',
  peeraccount: 'text',
  linkedid: 'shown',
  sequence: 'shown',
}

const storyShape: PersonalShape<StoryStep> = { at: 'shown', what: 'shown', who: 'number', seconds: 'shown' }

/** A call of the call log. The names of recordings often contain numbers; the summary always does. */
export const archivedCallShape: PersonalShape<Call> = {
  ...callShape,
  direction: 'shown',
  durationSeconds: 'shown',
  talkSeconds: 'shown',
  ringSeconds: 'shown',
  rang: partyShape,
  trunk: 'shown',
  forwardedFrom: 'number',
  transferredTo: 'number',
  story: storyShape,
  summary: 'text',
  recordings: 'text',
  accountcode: 'text',
  pbxOffset: 'shown',
  legs: 'shown',
  cdrs: cdrShape,
  sipCode: 'shown',
  dials: 'number',
  metadata: 'omitted',
}

export const timeLineShape: PersonalShape<TimeLineEntry> = {
  v: 'shown',
  at: 'shown',
  state: 'shown',
  callees: partyShape,
  cause: 'shown',
  mergedInto: 'shown',
  placed: placedShape,
  hops: { lane: 'shown', bridge: 'shown', queue: 'shown', function: 'shown' },
}
