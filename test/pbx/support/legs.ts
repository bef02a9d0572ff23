/** The audio of one leg of a call, as Asterisk counts it: packets of 20 ms. */
export interface Leg {
  /** Endpoint of the leg. */
  readonly endpoint: string
  readonly received: number
  readonly sent: number
}

interface Console {
  cli(command: string): Promise<string>
}

/**
 * Reads the legs that are live in an Asterisk. A line is `bridge channel uptime codec received lost percent jitter sent lost percent
 * jitter rtt`; bridge and round trip may be absent, and names are cut in the middle of long ones.
 */
export async function legsOf(asterisk: Console): Promise<Leg[]> {
  const text = await asterisk.cli('pjsip show channelstats')
  return text.split('\n').flatMap((line) => {
    const found = /(\S+)-[0-9a-f]{8}\s+\d\d:\d\d:\d\d\s+\S+\s+(\d+)\s+\d+\s+\d+\s+[\d.]+\s+(\d+)\s/.exec(line)
    return found ? [{ endpoint: found[1] ?? '', received: Number(found[2]), sent: Number(found[3]) }] : []
  })
}
