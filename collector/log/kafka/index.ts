export { createKafkaDeadLetters, openKafkaDeadLetters } from './dead-letters.ts'
export { createKafkaLog, openKafkaLog } from './log.ts'
export { joinMembers } from './members.ts'
export { placeOf } from './place-of.ts'
