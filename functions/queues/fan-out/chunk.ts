import * as v from 'valibot'
import { SiteId } from '../../../contracts/names.ts'

/** What one invocation of `fan-out` posts: the frames, each its JSON, to each of the connections. */
export const Chunk = v.object({ site: SiteId, ids: v.array(v.string()), frames: v.array(v.string()) })
export type Chunk = v.InferOutput<typeof Chunk>
