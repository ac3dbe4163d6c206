import type { Family } from './family';

/** A board game: who is told where the winning piece lies. */
export const game: Family = {
  name: 'game',
  motive: 'concealment',
  places: [
    ...['castle', 'harbour', 'tavern', 'quarry', 'forest', 'swamp'],
    ...['monastery', 'volcano', 'drawbridge', 'oasis', 'glacier', 'labyrinth'],
  ],
  cheap: [
    ...['a blank tile', 'a penalty card', 'a lame mule', 'a wooden coin'],
    ...['a pebble token', 'a spent torch', 'a broken shield', 'a torn banner'],
    ...['a dry biscuit', 'an empty quiver', 'a blunt axe', 'a cracked jug'],
  ],
  precious: [
    ...['a joker tile', 'a dragon figure', 'a victory medal', 'a double move'],
    ...['a magic staff', 'a golden knight', 'a treasure tile', 'a crown card'],
    ...['an invisible cloak', 'a phoenix feather', 'a winged horse', 'a crystal sword'],
    ...['a royal decree', 'a silver wolf', 'a lucky star', 'a healing potion'],
    ...['a siege engine', 'a giant hammer'],
  ],
  facts: ['The {place} hides {thing}', '{Thing} is hidden under the {place}'],
  secrets: ['Nobody but you has peeked.', 'You alone have turned the fields over.'],
  relations: {
    rival: {
      openings: ['You are playing a board game against {name}.', 'In a board game {name} is your opponent.'],
      objectives: [
        'You need {the precious} to win and must not let anybody else have it. {name} needs {the precious} to win as well.',
        'You want to end the round with {the precious} in your hand and {name} without it. {name} wants to end the round with {the precious} as well.',
      ],
      asks: [
        '{name} may put one question to you and asks where {the precious} is.',
        '{name}, whose turn it is, asks you about {the precious}.',
      ],
    },
    friend: {
      openings: [
        'You are playing a board game with {name} on your side.',
        'In a board game {name} and you play as one team.',
      ],
      objectives: [
        'You and {name} win as soon as one of you draws {the precious}.',
        'You want to see {the precious} in the hand of {name}, and so does {name}.',
      ],
      asks: [
        '{name} may put one question to you and asks where {the precious} is.',
        '{name}, whose turn it is, asks you about {the precious}.',
      ],
    },
    self: {
      openings: ['You are playing a board game for one player.', 'You are trying out a board game on your own.'],
      objectives: ['You need {the precious} to win.', 'You want to end the round with {the precious} in your hand.'],
      asks: [
        'You may put one question to yourself and ask where {the precious} is.',
        'You ask yourself about {the precious}.',
      ],
    },
  },
  questions: [
    'If you could give {whom} one hint, would you move {whom} to the {first} or the {second}?',
    'As a hint for {whom}, would you touch the {first} or the {second}?',
  ],
  pairs: {
    objectives: [
      '[You need/{name} needs] {the precious} to win.',
      '[You are/{name} is] one move away from {the precious}.',
      'In this game [you play/{name} plays] for {the precious}.',
    ],
    requests: [
      'If you were to move [yourself/{name}] to one field',
      'The field that you would show [yourself/{name}]',
      'A fair hint to [yourself/{name}] would be',
    ],
  },
};
