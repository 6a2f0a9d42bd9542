import { shuffled } from './shuffled.js';

/** Rows of standardised inputs and their classes. */
export interface Labelled {
  readonly inputs: Float64Array;
  readonly label: number;
}

const hidden = 24;
const epochs = 30;
const rate = 0.02;

/** One hidden layer of rectifiers under a softmax, trained by plain gradient steps, the same for the same dice: enough for the gas sensors. */
export class SmallPerceptron {
  readonly #inputs: number;
  readonly #classes: number;
  readonly #first: Float64Array;
  readonly #second: Float64Array;

  constructor(inputs: number, classes: number, dice: () => number) {
    this.#inputs = inputs;
    this.#classes = classes;
    const draw = (fan: number) => () => (dice() * 2 - 1) * Math.sqrt(3 / fan);
    this.#first = Float64Array.from({ length: hidden * (inputs + 1) }, draw(inputs));
    this.#second = Float64Array.from({ length: classes * (hidden + 1) }, draw(hidden));
  }

  train(rows: readonly Labelled[], dice: () => number): this {
    for (let epoch = 0; epoch < epochs; epoch++) for (const row of shuffled(rows, dice)) this.#step(row);
    return this;
  }

  /** The probability of each class. */
  probabilities(inputs: Float64Array): Float64Array {
    return this.#output(this.#activity(inputs));
  }

  #activity(inputs: Float64Array): Float64Array {
    const width = this.#inputs + 1;
    const active = new Float64Array(hidden);
    for (let h = 0; h < hidden; h++) {
      let sum = this.#first[h * width + this.#inputs] ?? 0;
      for (let i = 0; i < this.#inputs; i++) sum += (this.#first[h * width + i] ?? 0) * (inputs[i] ?? 0);
      active[h] = Math.max(0, sum);
    }
    return active;
  }

  #output(active: Float64Array): Float64Array {
    const scores = new Float64Array(this.#classes);
    for (let c = 0; c < this.#classes; c++) {
      let sum = this.#second[c * (hidden + 1) + hidden] ?? 0;
      for (let h = 0; h < hidden; h++) sum += (this.#second[c * (hidden + 1) + h] ?? 0) * (active[h] ?? 0);
      scores[c] = sum;
    }
    const top = Math.max(...scores);
    const exps = scores.map((score) => Math.exp(score - top));
    const total = exps.reduce((sum, value) => sum + value, 0);
    return exps.map((value) => value / total);
  }

  #step({ inputs, label }: Labelled): void {
    const active = this.#activity(inputs);
    const wrong = this.#output(active);
    wrong[label] = (wrong[label] ?? 0) - 1;
    const blame = new Float64Array(hidden);
    for (let c = 0; c < this.#classes; c++) {
      const step = rate * (wrong[c] ?? 0);
      const row = c * (hidden + 1);
      for (let h = 0; h < hidden; h++) {
        blame[h] = (blame[h] ?? 0) + (wrong[c] ?? 0) * (this.#second[row + h] ?? 0);
        this.#second[row + h] = (this.#second[row + h] ?? 0) - step * (active[h] ?? 0);
      }
      this.#second[row + hidden] = (this.#second[row + hidden] ?? 0) - step;
    }
    for (let h = 0; h < hidden; h++) {
      if ((active[h] ?? 0) <= 0) continue;
      const step = rate * (blame[h] ?? 0);
      const row = h * (this.#inputs + 1);
      for (let i = 0; i < this.#inputs; i++)
        this.#first[row + i] = (this.#first[row + i] ?? 0) - step * (inputs[i] ?? 0);
      this.#first[row + this.#inputs] = (this.#first[row + this.#inputs] ?? 0) - step;
    }
  }
}
