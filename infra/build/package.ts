import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { SwitchhookError } from '../../contracts/errors.ts'
import { buildFunctions } from './functions.ts'

const packagingMsMax = 120_000

/** The template or a bundle is not right; what the tool said is the message. */
export class PackagingError extends SwitchhookError {
  readonly errorId = 'packaging-failed'
}

/** Bundles the functions and writes the CloudFormation template and a zip a function into `.serverless/`. */
export async function packageService(root: string, options: string[] = ['--stage', 'dev']): Promise<string> {
  const out = path.join(root, '.serverless')
  await Promise.all(
    [out, path.join(root, 'dist/functions')].map((folder) => rm(folder, { recursive: true, force: true })),
  )
  await buildFunctions(root)
  const command = path.join(root, 'node_modules/serverless/bin/serverless.js')
  // No account is asked for: the keys only keep the tool from looking for some on this machine.
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', SLS_TELEMETRY_DISABLED: '1' }
  try {
    await promisify(execFile)(process.execPath, [command, 'package', ...options], {
      cwd: root,
      env,
      timeout: packagingMsMax,
    })
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? `${cause.stderr}`.trim().slice(-2000) : ''
    throw new PackagingError(`serverless package failed; mend what it says: ${said}`, { cause })
  }
  return out
}

/** `npm run package -- --stage STAGE --region REGION`; a deployment takes the same two. */
export async function main(args: string[]): Promise<void> {
  const started = performance.now()
  const out = await packageService(process.cwd(), args)
  console.log(
    `Packaged into ${path.relative(process.cwd(), out)}/ in ${((performance.now() - started) / 1000).toFixed(1)} s.`,
  )
}
