import * as v from 'valibot'
import { LocalCloudError } from '../errors.ts'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import type { ObjectEmulator } from './object-emulator.ts'

const Bucket = v.looseObject({ BucketName: v.optional(v.string()) })

/** Makes the template's buckets; one that is there stays as it is. */
export async function createBuckets(
  resources: StackResources,
  names: StackNames,
  objects: ObjectEmulator,
): Promise<void> {
  for (const { logicalId } of resources.ofType('AWS::S3::Bucket', Bucket)) {
    const name = names.ref(logicalId) ?? logicalId
    const { status, body } = await objects.call({ method: 'PUT', url: `/${name}`, headers: {}, body: Buffer.alloc(0) })
    if (status === 200) continue
    throw new LocalCloudError('template-unsupported', `The bucket ${name} cannot be made: ${body.toString()}`)
  }
}
