/** Applications of Asterisk that take a message, and that park a caller or fetch one, as `lastapp` and ARI name them. */
export const voicemailApps = /^(voicemail|minivmrecord)$/i
export const parkingApps = /^(park|parkandannounce|parkedcall)$/i

/** Steps of a dial plan, which nobody dials: Asterisk's own names, and those of FreePBX and Issabel. */
const steps = /^(|[shtieaoT]|s-.*|hang|hangup|hangupcall|fax|failed|STARTMEETME|vm[ubsi]?\d+|FM(?:PR|GL)-.*|RG-.*)$/

/** Whether an extension is a name or number that a person dials, not a step such as `s`, `h` or `s-BUSY`. */
export function isDialled(exten: string): boolean {
  return !steps.test(exten)
}
