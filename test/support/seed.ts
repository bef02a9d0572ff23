import fc from 'fast-check'

/** Setup file of every suite: properties draw their cases from the seed of this run. */
const seed = process.env['TEST_SEED']
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) })
