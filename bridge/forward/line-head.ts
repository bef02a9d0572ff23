/** Within these bytes stand time, type and subject of a line, unless its subject is a long one: before what is told. */
const headBytes = 320
const headPattern = /"time":"([^"]+)".*?("type":"[^"\\]+","subject":"(?:[^"\\]|\\.)*")/
const timePattern = /"time":"([^"]+)"/

export interface LineHead {
  /** RFC 3339 in UTC, so that a later one sorts behind. */
  time: string
  /** Type and subject as they stand in the line, its bytes as Latin-1: the same for the same entity. */
  name: string
}

/** What a line that the bridge wrote begins with. It is not parsed, since a backlog is long. */
export function headOf(line: Buffer): LineHead {
  const found = headPattern.exec(line.toString('latin1', 0, headBytes)) ?? headPattern.exec(line.toString('latin1'))
  return { time: found?.[1] ?? '', name: found?.[2] ?? '' }
}

/** When the event of a line happened, Unix milliseconds. */
export function timeOf(line: Buffer): number {
  const time = timePattern.exec(line.toString('latin1', 0, headBytes))?.[1]
  return time === undefined ? 0 : Date.parse(time)
}
