import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { codeOf, LocalCloudError, messageOf } from './errors.ts'

const Resource = v.looseObject({
  Type: v.string(),
  Properties: v.optional(v.record(v.string(), v.unknown()), {}),
  Condition: v.optional(v.string()),
})

/** The parts of a CloudFormation template that the local cloud reads. */
const Template = v.looseObject({
  Parameters: v.optional(
    v.record(v.string(), v.looseObject({ Type: v.string(), Default: v.optional(v.unknown()) })),
    {},
  ),
  Conditions: v.optional(v.record(v.string(), v.unknown()), {}),
  Mappings: v.optional(v.record(v.string(), v.record(v.string(), v.record(v.string(), v.unknown()))), {}),
  Resources: v.record(v.string(), Resource),
})
export type Template = v.InferOutput<typeof Template>
export type TemplateResource = v.InferOutput<typeof Resource>

const templateFile = 'cloudformation-template-update-stack.json'

/** Reads the template that `serverless package` wrote into `packageFolder`, the very one that would be deployed. */
export async function loadTemplate(packageFolder: string): Promise<Template> {
  const path = join(packageFolder, templateFile)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const why = codeOf(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${messageOf(cause)})`
    throw new LocalCloudError('package-absent', `The package ${path} ${why}: run \`npm run package\` first.`, { cause })
  }
  try {
    return v.parse(Template, JSON.parse(text))
  } catch (cause) {
    throw new LocalCloudError(
      'package-damaged',
      `The package ${path} is no CloudFormation template (${messageOf(cause)}): run \`npm run package\` again.`,
      { cause },
    )
  }
}

/** The name of the stack, which CloudFormation puts before the names it makes up itself. */
export async function loadStackName(packageFolder: string): Promise<string> {
  const State = v.looseObject({
    service: v.looseObject({
      service: v.string(),
      provider: v.looseObject({ stage: v.optional(v.string(), 'dev'), stackName: v.optional(v.string()) }),
    }),
  })
  try {
    const state = v.parse(State, JSON.parse(await readFile(join(packageFolder, 'serverless-state.json'), 'utf8')))
    return state.service.provider.stackName ?? `${state.service.service}-${state.service.provider.stage}`
  } catch (cause) {
    const message = `The package in ${packageFolder} lacks a readable serverless-state.json: run \`npm run package\` again.`
    throw new LocalCloudError('package-damaged', message, { cause })
  }
}
