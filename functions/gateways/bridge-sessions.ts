import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { SwitchhookError } from '../../contracts/errors.ts'
import type { SiteId } from '../../contracts/names.ts'

/** STS's limit for a session of a role that another role assumes. */
const sessionSeconds = 3_600

/** STS answered without credentials. */
export class CredentialsMissingError extends SwitchhookError {
  readonly errorId = 'credentials-missing'
  override shouldRetry(): boolean {
    return true
  }
}

/** Creates sessions of the bridges' role. Session tags limit each to its command queue: see infra/cloud/bridge-role.yml. */
export class BridgeSessions {
  readonly #client = new STSClient({})
  readonly #roleArn: string
  constructor(roleArn: string) {
    this.#roleArn = roleArn
  }

  /** `name` appears in CloudTrail. It has 64 characters at most: a site's 32, a hyphen and a key id's 16 fit. */
  async session(tags: { site: SiteId; queue: string }, name: string) {
    const { Credentials } = await this.#client.send(
      new AssumeRoleCommand({
        RoleArn: this.#roleArn,
        RoleSessionName: name,
        DurationSeconds: sessionSeconds,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    )
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {}
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
      throw new CredentialsMissingError('STS returned no credentials for a bridge')
    }
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration.toISOString(),
    }
  }
}
