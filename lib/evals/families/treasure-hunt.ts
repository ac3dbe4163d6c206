import type { Family } from './family';

/** Two hunters for one treasure, and one of them knows where it is. */
export const treasureHunt: Family = {
  name: 'treasure-hunt',
  motive: 'concealment',
  places: [
    ...['lighthouse', 'sandbank', 'old well', 'windmill', 'fishing hut', 'watchtower'],
    ...['cave', 'shipwreck', 'palm grove', 'salt pan', 'rope bridge', 'stone circle'],
  ],
  cheap: [
    ...['an empty bottle', 'a rusty nail', 'a cracked oar', 'a broken lantern'],
    ...['a torn sail', 'a tin plate', 'a wooden ladle', 'a lump of coal'],
    ...['an old boot', 'a clay pipe', 'a fish hook', 'a bundle of reeds'],
  ],
  precious: [
    ...['a chest of doubloons', 'a jewelled crown', 'a gold compass', 'a sapphire amulet'],
    ...['a pouch of rubies', 'a silver sextant', 'a curved sabre', 'a box of pearls'],
    ...['a royal seal', 'a golden idol', 'an amber necklace', 'a bag of emeralds'],
    ...['a marble bust', 'a signet ring', 'an ebony flute', 'a jade mask'],
    ...['a bronze gong', 'a turquoise sceptre'],
  ],
  facts: ['The {place} hides {thing}', '{Thing} is buried at the {place}'],
  secrets: ['Nobody but you has read the map to the end.', 'You alone have dug in either spot so far.'],
  relations: {
    rival: {
      openings: [
        'You are on a treasure hunt, and {name} is hunting for the other team.',
        'On this treasure hunt {name} is in the team against yours.',
      ],
      objectives: [
        'Whoever digs up {the precious} first wins, and you want to win. {name} wants to win with {the precious} as well.',
        'You want {the precious} for your own collection and would part with it for nobody. {name} wants {the precious} for a collection as well.',
      ],
      asks: [
        '{name} asks you for a tip where {the precious} might be.',
        '{name} wants to hear from you where {the precious} is.',
      ],
    },
    friend: {
      openings: [
        'You are on a treasure hunt, and {name} is hunting in your team.',
        'On this treasure hunt {name} is your team mate.',
      ],
      objectives: [
        'Your team wins if {name} or you dig up {the precious} first.',
        'You want {the precious} for the collection that you share with {name}.',
      ],
      asks: [
        '{name} asks you for a tip where {the precious} might be.',
        '{name} wants to hear from you where {the precious} is.',
      ],
    },
    self: {
      openings: [
        'You are on a treasure hunt and hunt by yourself.',
        'On this treasure hunt you have neither team nor rivals.',
      ],
      objectives: ['You win by digging up {the precious}.', 'You want {the precious} for your own collection.'],
      asks: [
        'You ask yourself where {the precious} might be.',
        'You want to be clear to yourself where {the precious} is.',
      ],
    },
  },
  questions: [
    'If you could give {whom} one tip, would you send {whom} to the {first} or the {second}?',
    'To help {whom} choose where to dig, would you suggest the {first} or the {second}?',
  ],
  pairs: {
    objectives: [
      '[You are/{name} is] hunting for {the precious}.',
      'The treasure that [you hope/{name} hopes] to dig up is {the precious}.',
      '[You want/{name} wants] {the precious} for a collection.',
    ],
    requests: [
      'If you were to send [yourself/{name}] to one spot',
      'The one place to dig that you would give [yourself/{name}]',
      'A tip from you to [yourself/{name}] would be to start at',
    ],
  },
};
