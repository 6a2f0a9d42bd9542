export { seededDice } from '@bellwether/shared/seeded-dice';
