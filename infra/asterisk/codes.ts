/** Codes that a phone dials to toggle forwarding of all calls and do not disturb. */
export const FORWARD_CODE = '88888'
export const DND_CODE = '88889'
