import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { SwitchhookError } from '../../contracts/errors.ts'
import { buildFunctions } from './functions.ts'
import { replaceFolder } from './replace-folder.ts'
import { writeSbom } from './sbom.ts'

const packagingMsMax = 120_000

/** The template or a function cannot be packaged; the message contains the output of the tool. */
export class PackagingError extends SwitchhookError {
  readonly errorId = 'packaging-failed'
}

/**
 * Bundles the functions and writes the CloudFormation template and a zip for each function into `.serverless/`. The folder is
 * replaced when all files are written.
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

/** Packages into `folder` from a copy of the files that `serverless package` reads, so that several runs may be concurrent. */
export async function packageInto(root: string, folder: string, options = ['--stage', 'dev']): Promise<void> {
  const work = await mkdtemp(path.join(path.dirname(folder), '.service-'))
  try {
    for (const name of ['serverless.yml', 'infra/cloud'])
      await cp(path.join(root, name), path.join(work, name), { recursive: true })
    // The template imports its HTTP events from a module in this folder, which imports the route registry of the repository.
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
  // Packaging needs no account. With these keys the tool does not search the machine for credentials.
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', SLS_TELEMETRY_DISABLED: '1' }
  try {
    await promisify(execFile)(process.execPath, [command, 'package', ...options], {
      cwd: service,
      env,
      timeout: packagingMsMax,
    })
  } catch (cause) {
    const stderr = cause instanceof Error && 'stderr' in cause ? `${cause.stderr}`.trim().slice(-2000) : ''
    throw new PackagingError(`serverless package failed; fix this problem: ${stderr}`, { cause })
  }
}

/**
 * `npm run package -- --stage STAGE --region REGION`: packages for a deployment with the same stage and region, and writes the bill of
 * materials beside it.
 */
export async function main(args: string[]): Promise<void> {
  const started = performance.now()
  const out = await packageService(process.cwd(), args)
  await writeSbom(process.cwd(), out)
  console.log(
    `Packaged into ${path.relative(process.cwd(), out)}/ in ${((performance.now() - started) / 1000).toFixed(1)} s.`,
  )
}
