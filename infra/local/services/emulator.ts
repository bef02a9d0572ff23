/** An HTTP answer to the AWS SDK. */
export interface EmulatorAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** An emulated AWS service. Clients reach it only through the request proxy. */
export interface Emulator {
  /** Runs one request of the AWS JSON protocol; header names are in lower case. */
  call(headers: Readonly<Record<string, string>>, body: Buffer): Promise<EmulatorAnswer>
  stop(): Promise<void>
}

/** Returns an error of the AWS JSON protocol; the SDK uses `type` as the error's name. */
export function errorAnswer(status: number, type: string, message: string, queryCode?: string): EmulatorAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-errortype': type,
      // SQS clients take the error's name from this header, which remains from its query protocol.
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
