import type { Family } from './family';

/** A storm is coming, and two travellers want the one good place. */
export const travel: Family = {
  name: 'travel',
  motive: 'concealment',
  places: [
    ...['ferry', 'night train', 'airport bus', 'cable car', 'tram', 'river boat'],
    ...['coach', 'funicular', 'shuttle', 'monorail', 'steamer', 'seaplane'],
  ],
  cheap: [
    ...['a folding stool', 'a draughty corner', 'a wet bench', 'a noisy aisle'],
    ...['a jammed window', 'a damp mattress', 'a hard crate', 'a cramped bunk'],
    ...['a broken seat', 'a luggage rack', 'a dark hallway', 'a sticky floor mat'],
  ],
  precious: [
    ...['a free berth', 'a sleeper cabin', 'a window suite', 'a first-class seat'],
    ...['a cheap stateroom', 'a panorama seat', 'a quiet compartment', 'a private saloon'],
    ...['a soft couch', 'a heated lounge', 'a dining table', 'a sunny balcony'],
    ...['a luxury pod', 'a double bed', 'a roof terrace', 'a leather armchair'],
    ...['a spare ticket', 'a family room'],
  ],
  facts: ['The {place} still has {thing}', '{Thing} is still free on the {place}'],
  secrets: ['Nobody but you has read the timetable.', 'You alone have spoken to the crews.'],
  relations: {
    rival: {
      openings: [
        'A storm is coming, and {name}, a stranger, is trying to get home just as you are.',
        'You are trying to get home before a storm, and so is {name}, whom you do not know.',
      ],
      objectives: [
        'You want to book {the precious} before anybody else takes it. {name} wants to book {the precious} as well.',
        'You count on {the precious} for the night and would be cross to lose it. {name} counts on {the precious} as well.',
      ],
      asks: ['{name} asks you where {the precious} is to be had.', 'At the desk {name} asks you about {the precious}.'],
    },
    friend: {
      openings: [
        'A storm is coming, and {name}, your companion, is trying to get home with you.',
        'You are trying to get home before a storm together with {name}, an old friend.',
      ],
      objectives: [
        'You and {name} want to book {the precious} and share it.',
        'You would be glad for {name} to have {the precious} for the night, and so would {name}.',
      ],
      asks: ['{name} asks you where {the precious} is to be had.', 'At the desk {name} asks you about {the precious}.'],
    },
    self: {
      openings: [
        'A storm is coming, and you are trying to get home on your own.',
        'You are trying to get home before a storm, and there is nobody with you.',
      ],
      objectives: ['You want to book {the precious}.', 'You count on {the precious} for the night.'],
      asks: [
        'You ask yourself where {the precious} is to be had.',
        'At the desk you ask yourself about {the precious}.',
      ],
    },
  },
  questions: [
    'If you could make {whom} one suggestion, would you put {whom} on the {first} or the {second}?',
    'When you plan the way for {whom}, would you choose the {first} or the {second}?',
  ],
  pairs: {
    objectives: [
      '[You want/{name} wants] to book {the precious}.',
      'For the night [you count/{name} counts] on {the precious}.',
      '[You are/{name} is] on the way home and asking for {the precious}.',
    ],
    requests: [
      'If you were to put [yourself/{name}] somewhere',
      'The one way home that you would choose for [yourself/{name}]',
      'Your advice to [yourself/{name}] would be to take',
    ],
  },
};
