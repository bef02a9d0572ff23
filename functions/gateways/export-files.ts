import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

/** S3 takes no part but the last under 5 MiB. */
export const partBytesMin = 5 * 1024 * 1024
/** An hour: not longer than the credentials of the function that signs. */
export const linkSeconds = 3_600

/** The upload is not there any more, or its parts are not those that were noted: it has to begin anew. */
export class UploadLostError extends Error {
  readonly errorId = 'upload-lost'
  shouldRetry(): boolean {
    return true
  }
}

/** Files of exports, written part by part and read by signed links. The bucket itself lets them go after their time. */
export class ExportFiles {
  readonly #client: S3Client
  readonly #bucket: string
  constructor(bucket: string, client: S3Client = new S3Client({})) {
    this.#bucket = bucket
    this.#client = client
  }

  async begin(Key: string, ContentType: string): Promise<string> {
    const name = Key.slice(Key.lastIndexOf('/') + 1)
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({
        ...this.#at(Key),
        ContentType,
        ContentDisposition: `attachment; filename="${name}"`,
      }),
    )
    if (!UploadId) throw new Error('S3 began an upload and named no id')
    return UploadId
  }

  /** Parts are counted from 1; one that is written again takes the place of the first. Answers its ETag. */
  async putPart(Key: string, UploadId: string, PartNumber: number, Body: Buffer): Promise<string> {
    try {
      const { ETag } = await this.#client.send(new UploadPartCommand({ ...this.#at(Key), UploadId, PartNumber, Body }))
      if (!ETag) throw new Error('S3 took a part and named no ETag')
      return ETag
    } catch (cause) {
      throw lostOr(cause)
    }
  }

  /** Makes one file of the parts. Done already, it is done. */
  async complete(Key: string, UploadId: string, etags: readonly string[]): Promise<void> {
    const Parts = etags.map((ETag, n) => ({ PartNumber: n + 1, ETag }))
    try {
      await this.#client.send(
        new CompleteMultipartUploadCommand({ ...this.#at(Key), UploadId, MultipartUpload: { Parts } }),
      )
    } catch (cause) {
      const error = lostOr(cause)
      if (!(error instanceof UploadLostError) || !(await this.#has(Key))) throw error
    }
  }

  /** The file, and an upload of it that is under way. */
  async remove(Key: string, UploadId: string | undefined): Promise<void> {
    if (UploadId !== undefined) {
      try {
        await this.#client.send(new AbortMultipartUploadCommand({ ...this.#at(Key), UploadId }))
      } catch (cause) {
        const error = lostOr(cause)
        if (!(error instanceof UploadLostError)) throw error
      }
    }
    await this.#client.send(new DeleteObjectCommand(this.#at(Key)))
  }

  /** Opens the file without credentials for an hour. */
  async link(Key: string): Promise<string> {
    return getSignedUrl(this.#client, new GetObjectCommand(this.#at(Key)), { expiresIn: linkSeconds })
  }

  async #has(Key: string): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand(this.#at(Key)))
      return true
    } catch (error) {
      if (nameOf(error) === 'NotFound') return false
      throw error
    }
  }

  #at(Key: string) {
    return { Bucket: this.#bucket, Key }
  }
}

function lostOr(cause: unknown): unknown {
  return ['NoSuchUpload', 'InvalidPart'].includes(nameOf(cause)) ? new UploadLostError(nameOf(cause), { cause }) : cause
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
