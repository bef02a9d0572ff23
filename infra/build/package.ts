import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { SwitchhookError } from '../../contracts/errors.ts'
import { buildFunctions } from './functions.ts'
import { replaceFolder } from './replace-folder.ts'

const packagingMsMax = 120_000

/** The template or a bundle is not right; what the tool said is the message. */
export class PackagingError extends SwitchhookError {
  readonly errorId = 'packaging-failed'
}

/**
 * Bundles the functions and writes the CloudFormation template and a zip a function into `.serverless/`, which is replaced
 * only when all of it is written.
 */
export async function packageService(root: string, options?: string[]): Promise<string> {
  const out = path.join(root, '.serverless')
  await mkdir(path.join(root, 'dist'), { recursive: true })
  const fresh = await mkdtemp(path.join(root, 'dist/.package-'))
  try {
    await packageInto(root, fresh, options)
    await replaceFolder(out, fresh)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return out
}

/** Packages into `folder`, from a copy of what `serverless package` reads, so that several may run at the same time. */
export async function packageInto(root: string, folder: string, options = ['--stage', 'dev']): Promise<void> {
  const work = await mkdtemp(path.join(path.dirname(folder), '.service-'))
  try {
    for (const name of ['serverless.yml', 'infra/cloud'])
      await cp(path.join(root, name), path.join(work, name), { recursive: true })
    // The template takes its HTTP events from a module there, which imports the route registry from where it lies.
    await symlink(path.join(root, 'infra/build'), path.join(work, 'infra/build'))
    await buildFunctions(root, path.join(work, 'dist/functions'))
    await runServerless(root, work, options)
    await rm(folder, { recursive: true, force: true })
    await rename(path.join(work, '.serverless'), folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function runServerless(root: string, service: string, options: string[]): Promise<void> {
  const command = path.join(root, 'node_modules/serverless/bin/serverless.js')
  // No account is asked for: the keys only keep the tool from looking for some on this machine.
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', SLS_TELEMETRY_DISABLED: '1' }
  try {
    await promisify(execFile)(process.execPath, [command, 'package', ...options], {
      cwd: service,
      env,
      timeout: packagingMsMax,
    })
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? `${cause.stderr}`.trim().slice(-2000) : ''
    throw new PackagingError(`serverless package failed; mend what it says: ${said}`, { cause })
  }
}

/** `npm run package -- --stage STAGE --region REGION`; a deployment takes the same two. */
export async function main(args: string[]): Promise<void> {
  const started = performance.now()
  const out = await packageService(process.cwd(), args)
  console.log(
    `Packaged into ${path.relative(process.cwd(), out)}/ in ${((performance.now() - started) / 1000).toFixed(1)} s.`,
  )
}
