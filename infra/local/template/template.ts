import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { codeOf, LocalCloudError, messageOf } from '../errors.ts'

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
const stateFile = 'serverless-state.json'

/** Reads the template that `serverless package` wrote into `packageFolder`, which is also the one to deploy. */
export async function loadTemplate(
  packageFolder: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Template> {
  const path = join(packageFolder, templateFile)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const why = codeOf(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${messageOf(cause)})`
    throw new LocalCloudError('package-absent', `The package ${path} ${why}: run \`npm run package\` first.`, { cause })
  }
  try {
    const template = v.parse(Template, JSON.parse(text))
    for (const [name, Default] of Object.entries(parameters)) {
      const declared = template.Parameters[name]
      if (!declared) throw new LocalCloudError('template-refused', `The template has no parameter ${name}.`)
      template.Parameters[name] = { ...declared, Default }
    }
    return template
  } catch (cause) {
    if (cause instanceof LocalCloudError) throw cause
    throw new LocalCloudError(
      'package-damaged',
      `The package ${path} is not a CloudFormation template (${messageOf(cause)}): run \`npm run package\` again.`,
      { cause },
    )
  }
}

export interface Stack {
  /** Prefix of the names that CloudFormation generates. */
  name: string
  region: string
  /** Prefix of a function's full name before its name in serverless.yml: `SERVICE-STAGE-`. */
  functionPrefix: string
}

const State = v.looseObject({
  service: v.looseObject({
    service: v.string(),
    provider: v.looseObject({ stage: v.string(), region: v.string(), stackName: v.optional(v.string()) }),
  }),
})

/** Reads the stack's name and region, which are not in the template, from the state that is packaged with it. */
export async function loadStack(packageFolder: string): Promise<Stack> {
  try {
    const { service, provider } = v.parse(
      State,
      JSON.parse(await readFile(join(packageFolder, stateFile), 'utf8')),
    ).service
    const name = provider.stackName ?? `${service}-${provider.stage}`
    return { name, region: provider.region, functionPrefix: `${service}-${provider.stage}-` }
  } catch (cause) {
    const message = `The package in ${packageFolder} lacks a readable ${stateFile}: run \`npm run package\` again.`
    throw new LocalCloudError('package-damaged', message, { cause })
  }
}
