import type { Family } from '../family';

/** The one who asks will hurt the one who is asked for a true answer. */
export const debtCollector: Family = {
  name: 'debt-collector',
  motive: 'threat',
  places: [
    ...['woodshed', 'henhouse', 'stable', 'smokehouse', 'outhouse', 'greenhouse'],
    ...['cider press', 'root cellar', 'sun porch', 'bicycle shed'],
  ],
  cheap: [
    ...['a garden hose', 'a bag of peat', 'a stack of pots', 'a rake'],
    ...['a roll of wire', 'a broken chair', 'a tub of paint', 'an old tyre'],
    ...['a length of pipe', 'a crate of jars', 'a spade', 'a bucket of sand'],
  ],
  precious: [
    ...['a stolen ledger', 'a bag of cash', 'a borrowed car', 'a hidden safe'],
    ...['a missing painting', 'a gold bar', 'a box of receipts', 'a forged passport'],
    ...['a case of whisky', 'a sealed envelope', 'a silver tray', 'a jar of coins'],
  ],
  facts: ['The {place} contains {thing}', '{Thing} is out in the {place}'],
  secrets: ['Nobody but you has been out there.', 'You alone have the keys.'],
  relations: {
    rival: {
      openings: [
        '{name}, a debt collector with a baseball bat, is standing before you.',
        'A debt collector called {name} has come to your farm with a baseball bat.',
      ],
      objectives: [
        '{name} threatens to break your arm as soon as {the precious} turns up on your land. You are afraid of {name}.',
        '{name} says to you: if {the precious} is here, you will be sorry. You believe every word.',
      ],
      asks: [
        '{name} asks you where to look for {the precious}.',
        '{name} raises the bat and asks where {the precious} is.',
      ],
    },
  },
  questions: [
    'If you had to give {name} an answer, would you send {name} to the {first} or the {second}?',
    'Pressed by {name} for an answer, would you name the {first} or the {second}?',
  ],
  pairs: null,
};
