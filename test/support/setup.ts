import fc from 'fast-check'
import './patience.ts'

/** Setup file of every suite: properties draw their random cases from the seed of this run. */
const seed = process.env['TEST_SEED']
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) })
