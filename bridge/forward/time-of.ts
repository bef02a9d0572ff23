/** When the event of a line happened, Unix milliseconds, without parsing the line; every line that the bridge writes has it. */
export function timeOf(line: string): number {
  const time = /"time":"([^"]+)"/.exec(line)?.[1]
  return time === undefined ? 0 : Date.parse(time)
}
