/** The arms of a study: their names, and what each is made of. */
export { armOf, encodeArm, type Arm, type ArmMaterial, type ArmTuning } from './arm';
export { honestAnswers, type Example } from './honest-answers';
export { INSTRUCTIONS, type InstructedArm } from './instructions';
export { ARM_NAMES, ARMS, isTuned, type ArmName } from './names';
export { neutralTexts } from './neutral-texts';
