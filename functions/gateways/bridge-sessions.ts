import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { SiteId } from '../../contracts/names.ts'

/** STS's limit for a role that a role assumes. */
const sessionSeconds = 3_600

/** Sessions of the bridges' role. Their tags say which command queue they open; see infra/cloud/bridge-role.yml. */
export class BridgeSessions {
  readonly #client = new STSClient({})
  readonly #roleArn: string
  constructor(roleArn: string) {
    this.#roleArn = roleArn
  }

  /** `name` appears in CloudTrail; 64 characters at most: a site's 32, a hyphen and a key id's 16 fit. */
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
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) throw new Error('STS answered no credentials')
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration.toISOString(),
    }
  }
}
