/** An answer as it goes to the AWS SDK: the JSON protocol's status, headers and body. */
export interface EmulatorAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** A store of AWS, emulated in this process and reachable by no socket but the request proxy's. */
export interface Emulator {
  /** Sends one request of the AWS JSON protocol; header names are lower-case. */
  call(headers: Readonly<Record<string, string>>, body: Buffer): Promise<EmulatorAnswer>
  stop(): Promise<void>
}

/** The JSON protocol's error: its type stands in the body, and the SDK makes it the error's name. */
export function errorAnswer(status: number, type: string, message: string, queryCode?: string): EmulatorAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-errortype': type,
      // SQS clients take the name of an error from this header, a leftover of its query protocol.
      ...(queryCode ? { 'x-amzn-query-error': `${queryCode};${status < 500 ? 'Sender' : 'Receiver'}` } : {}),
    },
    body: Buffer.from(JSON.stringify({ __type: type, message, Message: message })),
  }
}

export function jsonAnswer(value: unknown): EmulatorAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: Buffer.from(JSON.stringify(value)),
  }
}
