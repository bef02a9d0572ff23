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
import { SwitchhookError } from '../../contracts/errors.ts'

/** S3 refuses parts under 5 MiB, except the last one. */
export const partBytesMin = 5 * 1024 * 1024
/** A link is valid for an hour, no longer than the credentials of the function that signs it. */
export const linkSeconds = 3_600

/** S3 no longer has the upload or one of its parts, so the export has to start again. */
export class UploadLostError extends SwitchhookError {
  readonly errorId = 'upload-lost'
  override shouldRetry(): boolean {
    return true
  }
}

/** S3 answered without the id or ETag that the next request needs. */
export class UploadAnswerError extends SwitchhookError {
  readonly errorId = 'upload-answer-incomplete'
  override shouldRetry(): boolean {
    return true
  }
}

/** Writes the files of exports part by part, and signs links to them. A lifecycle rule of the bucket deletes old files. */
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
    if (!UploadId) throw new UploadAnswerError('S3 returned no id for an upload')
    return UploadId
  }

  /** Writes a part, counted from 1, and returns its ETag. A part that is written again replaces the earlier one. */
  async putPart(Key: string, UploadId: string, PartNumber: number, Body: Buffer): Promise<string> {
    try {
      const { ETag } = await this.#client.send(new UploadPartCommand({ ...this.#at(Key), UploadId, PartNumber, Body }))
      if (!ETag) throw new UploadAnswerError('S3 returned no ETag for a part')
      return ETag
    } catch (cause) {
      throw lostOr(cause)
    }
  }

  /** Makes one file of the parts; harmless if that was done before. */
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

  /** Removes the file, and an upload of it that is under way. */
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

  /** Returns a link by which anyone can read the file for an hour. */
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
