import { kills, killsServices } from './kills.ts'
import { offline } from './offline.ts'
import { outagesProof } from './outages/outages.ts'
import { soak } from './soak.ts'
import { bugsProof, simulationProof } from '../simulation/proofs.ts'
import type { Proof } from './proof.ts'

/** All proofs, in the order in which they run. What a proof saves only itself reads again. */
export const proofs: readonly Proof[] = [
  kills as Proof,
  killsServices as Proof,
  offline,
  soak,
  outagesProof as Proof,
  simulationProof as Proof,
  bugsProof as Proof,
]
