/** One part of an export: up to 5,000 rows of the file. */
export interface ExportPart<Body> {
  body: Body
  rows: number
  /** False for the last part. */
  hasMore: boolean
}

/**
 * Requests an export part by part, in order. Each part after the first one continues at the cursor of the one before.
 * @param read requests one part: the first one without a cursor
 */
export async function* exportParts<Body>(
  read: (cursor: string | undefined) => Promise<{ headers: Headers; body: Body }>,
): AsyncGenerator<ExportPart<Body>> {
  let cursor: string | undefined
  do {
    const { headers, body } = await read(cursor)
    cursor = headers.get('switchhook-cursor') ?? undefined
    yield { body, rows: Number(headers.get('switchhook-rows')), hasMore: cursor !== undefined }
  } while (cursor !== undefined)
}
