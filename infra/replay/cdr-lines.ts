import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { Cdr } from '../../contracts/cdr.ts'
import { parseTime, type Recording, type Rewriter, recordingsFolder } from './recording.ts'

let sequence = 0

/** Returns the CDR lines of one replay of a recording; empty if none was recorded. */
export async function cdrLines(recording: Recording, rewriter: Rewriter): Promise<string[]> {
  const content = await readFile(join(recordingsFolder, 'cdr_adv_sample.jsonl'), 'utf8')
  const samples = content.trimEnd().split('\n')
  const recorded = samples.filter((line) => isOf(parse(line), recording))
  const lines = recorded.length > 0 ? recorded : answeredLike(samples, recording)
  return lines.map((line) => shift(rewriter.text(line)))
}

function parse(line: string): Cdr {
  return v.parse(Cdr, JSON.parse(line))
}

function isOf(cdr: Cdr, recording: Recording): boolean {
  return recording.lines.some(
    ({ text }) => text.includes(`"type":"ChannelCreated"`) && text.includes(`"${cdr.linkedid}"`),
  )
}

/**
 * Returns a CDR for the recording `internal_answered`, which has none: the CDR of an answered call from the trunk with the
 * channels and times of this recording.
 */
function answeredLike(samples: string[], recording: Recording): string[] {
  if (recording.name !== 'internal_answered') return []
  const sample = samples.find((line) => parse(line).channel.startsWith('PJSIP/mytrunk') && line.includes('"dst":"61"'))
  if (sample === undefined) return []
  const own = {
    src: '60',
    clid: '"Phone 5860" <60>',
    channel: 'PJSIP/5860-00000000',
    dstchannel: 'PJSIP/5861-00000001',
    start: '2026-11-23T19:03:10+0000',
    answer: '2026-11-23T19:03:10+0000',
    end: '2026-11-23T19:03:12+0000',
    uniqueid: 'pbx1-1795460590.0',
    linkedid: 'pbx1-1795460590.0',
  }
  return [JSON.stringify({ ...parse(sample), ...own })]
}

/** Sets a new sequence number, and durations that match the times, which change with the speed of the replay. */
function shift(line: string): string {
  const cdr = parse(line)
  const end = parseTime(cdr.end)
  const seconds = (from: string) => (from === '' ? 0 : Math.max(0, Math.round((end - parseTime(from)) / 1000)))
  sequence += 1
  return JSON.stringify({ ...cdr, duration: seconds(cdr.start), billsec: seconds(cdr.answer), sequence })
}
