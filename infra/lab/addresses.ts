/** Addresses of the laboratory, from the blocks for documentation (RFC 5737) and for homes (RFC 1918). */
export const addresses = {
  pbx: '203.0.113.10',
  stun: '203.0.113.20',
  phoneB: '203.0.113.30',
  router: '203.0.113.1',
  home: '192.168.1.1',
  phoneA: '192.168.1.10',
  /** Phone A and its router's inner side where there is no translation. */
  publicHome: '198.51.100.1',
  publicPhoneA: '198.51.100.10',
} as const

export const sipPort = 5060
export const stunPort = 3478
/** Each phone has one call at a time, and Asterisk takes even ports, so this is the only one for audio. */
export const phoneRtpPort = 18_000
