import type { CallProgress } from '../contracts/facts.ts'
import type { PhoneWord } from './phone-state.ts'

/** Every word of the page, in one place: a second language is a second such object. */
const phoneWords: Record<PhoneWord, string> = {
  available: 'Available',
  ringing: 'Ringing',
  'on-call': 'On call',
  'on-hold': 'On hold',
  busy: 'Busy',
  offline: 'Offline',
  unknown: 'Unknown',
}

const callProgress: Record<CallProgress, string> = {
  dialling: 'Dialling',
  ringing: 'Ringing',
  answered: 'On call',
  ended: 'Ended',
}

export const strings = {
  product: 'Switchhook',
  connection: {
    connecting: () => 'Connecting…',
    connected: () => 'Connected',
    reconnecting: (since: string) => `Reconnecting since ${since}`,
    offline: (since: string) => `Offline since ${since}`,
    refused: (since: string) => `Refused since ${since}`,
    stopped: () => 'Stopped',
  },
  changeSite: 'Change site',
  notices: {
    label: 'Notices',
    replay: 'Replaying a recording of a real Asterisk: these calls are not happening now.',
    refused: (detail: string) =>
      `The cloud refused this key for this site. ${detail} It is asked again every 30 seconds.`,
    unreachable: (detail: string) => `${detail} What is shown may be out of date. Trying again.`,
    silent: (time: string) => `The bridge beside the PBX was last heard at ${time}. What is shown may be out of date.`,
    neverHeard: 'The bridge beside the PBX has not been heard yet.',
    gap: (from: string, to: string, reason: string) =>
      `Between ${from} and ${to} calls may have gone unseen (${reason}). What is shown now is right.`,
    dismiss: 'Dismiss',
  },
  phones: {
    title: 'Phones',
    words: phoneWords,
    since: (time: string) => `since ${time}`,
    withWhom: (who: string) => `with ${who}`,
    none: 'This site has no phone yet.',
    loading: 'Loading the phones…',
  },
  calls: {
    title: 'Live calls',
    progress: callProgress,
    none: 'No call in progress.',
    loading: 'Loading the calls…',
    from: 'From',
    to: 'to',
    duration: 'Duration',
    anonymous: 'Unknown caller',
    others: (count: number) => `and ${count} more`,
  },
  log: {
    title: 'Last calls',
    caption: (zone: string) => `Newest first. Times in ${zone}.`,
    columns: { time: 'Time', from: 'From', to: 'To', result: 'Result', duration: 'Duration', talk: 'Talk time' },
    results: new Map([
      ['ANSWERED', 'Answered'],
      ['NO ANSWER', 'No answer'],
      ['BUSY', 'Busy'],
      ['FAILED', 'Failed'],
      ['CONGESTION', 'Congested'],
    ]),
    none: 'No call has been recorded yet.',
    loading: 'Loading the call log…',
    failed: (detail: string) => `The call log could not be read. ${detail}`,
    retry: 'Try again',
    older: 'Show older calls',
    loadingOlder: 'Loading…',
  },
  states: {
    title: 'State changes',
    caption: (rows: number) => `Newest first, the last ${rows}.`,
    columns: { date: 'Date', endpoint: 'Endpoint', state: 'State' },
    none: 'No change of state seen yet.',
    region: 'State changes, scrollable',
  },
  signIn: {
    title: 'Connect to a site',
    lead: 'The address and the key were printed when the site was made. They stay in this tab only.',
    apiUrl: 'API address',
    site: 'Site',
    key: 'API key',
    connect: 'Connect',
    badUrl: 'Write the whole address, from http:// or https:// on.',
    missing: 'All three are needed.',
  },
}
