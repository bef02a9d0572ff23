import type { Cdr } from '../../contracts/cdr.ts'

const firstSecond = Date.UTC(2026, 10, 23, 19, 0, 0) / 1000

/** Returns the nth CDR of invented calls, a minute apart. */
export function makeCdr(n: number, over: Partial<Cdr> = {}): Cdr {
  const second = firstSecond + 60 * n
  const moment = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 19)}+0000`
  const uniqueid = `pbx1-${second}.${2 * n}`
  return {
    accountcode: '',
    src: '60',
    dst: '61',
    dcontext: 'internes',
    clid: '"Phone 5860" <60>',
    channel: `PJSIP/5860-${n.toString(16).padStart(8, '0')}`,
    dstchannel: `PJSIP/5861-${n.toString(16).padStart(8, '0')}`,
    lastapp: 'Dial',
    lastdata: 'PJSIP/5861,20',
    start: moment(second),
    answer: moment(second + 2),
    end: moment(second + 9),
    duration: 9,
    billsec: 7,
    disposition: 'ANSWERED',
    amaflags: 'DOCUMENTATION',
    uniqueid,
    userfield: '',
    peeraccount: '',
    linkedid: uniqueid,
    sequence: n,
    ...over,
  }
}
