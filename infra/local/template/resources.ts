import * as v from 'valibot'
import { LocalCloudError } from '../errors.ts'
import type { Intrinsics } from './intrinsics.ts'
import type { Template } from './template.ts'

export interface StackResource<T> {
  logicalId: string
  properties: T
}

/** The template with its intrinsic functions resolved: reads all resources of one type through a schema. */
export interface StackResources {
  ofType<T>(type: string, schema: v.GenericSchema<unknown, T>): StackResource<T>[]
}

export function createStackResources(template: Template, intrinsics: Intrinsics): StackResources {
  return {
    ofType(type, schema) {
      return Object.entries(template.Resources)
        .filter(([id, { Type, Condition }]) => Type === type && (!Condition || intrinsics.condition(Condition, id)))
        .map(([logicalId, { Properties }]) => {
          const parsed = v.safeParse(schema, intrinsics.resolve(Properties, `${logicalId}.Properties`))
          if (parsed.success) return { logicalId, properties: parsed.output }
          const what = parsed.issues
            .map((issue) => `${v.getDotPath(issue) ?? 'Properties'}: ${issue.message}`)
            .join('; ')
          throw new LocalCloudError(
            'template-unsupported',
            `The local cloud cannot serve ${logicalId} (${type}): ${what}.`,
          )
        })
    },
  }
}
