import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'

/** Returns the JSON in an SSM SecureString; undefined if there is none, or it is no JSON. @throws the error of SSM */
export async function readParameter(name: string): Promise<unknown> {
  try {
    const { Parameter } = await new SSMClient({}).send(new GetParameterCommand({ Name: name, WithDecryption: true }))
    return JSON.parse(Parameter?.Value ?? '{}')
  } catch (error) {
    // The error of the parser would quote secrets.
    if (error instanceof SyntaxError) return undefined
    if (error instanceof Error && error.name === 'ParameterNotFound') return undefined
    throw error
  }
}

/** Returns a function that reads once per cold start. A failed read is not kept, so that the next invocation tries again. */
export function readOnce<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  return () => {
    reading ??= read().catch((error: unknown) => {
      reading = undefined
      throw error
    })
    return reading
  }
}
