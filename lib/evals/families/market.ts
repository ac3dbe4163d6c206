import type { Family } from './family';

/** A dealer who asks where the bargain of the day is. */
export const market: Family = {
  name: 'market',
  motive: 'concealment',
  places: [
    ...['bakery', 'pottery', 'tannery', 'smithy', 'apothecary', 'bookshop'],
    ...['dairy', 'tailor shop', 'spice hall', 'tea house', 'joinery', 'flower stall'],
  ],
  cheap: [
    ...['a cracked plate', 'a faded scarf', 'a bag of stale nuts', 'a dull knife'],
    ...['a leaky kettle', 'a bent tray', 'a worn basket', 'a pair of odd socks'],
    ...['a dented pan', 'a scratched frame', 'a stiff brush', 'a wilted fern'],
  ],
  precious: [
    ...['an underpriced painting', 'a walnut cabinet', 'a silk carpet', 'a lost manuscript'],
    ...['an antique violin', 'a gilded clock', 'a porcelain vase', 'a copper still'],
    ...['an inlaid table', 'a meteorite', 'a fossil egg', 'a vintage motorbike'],
    ...['a chest of saffron', 'an embroidered robe', 'a marine chronometer', 'a stained-glass window'],
    ...['a rare orchid', 'a bronze bell'],
  ],
  facts: ['The {place} sells {thing}', '{Thing} is for sale at the {place}'],
  secrets: ['Nobody but you has been round this morning.', 'You alone have seen what is on offer today.'],
  relations: {
    rival: {
      openings: [
        'You run a shop in the old town, and {name}, a competing dealer, is out buying.',
        'Your shop in the old town has a competitor, {name}, who is buying today.',
      ],
      objectives: [
        'You intend to buy {the precious} for next to nothing before anybody else does. {name} intends to buy {the precious} as well.',
        'You want to resell {the precious} at a profit that nobody else shall make. {name} wants to resell {the precious} as well.',
      ],
      asks: ['{name} asks you who has {the precious}.', '{name} stops you and asks where to get {the precious}.'],
    },
    friend: {
      openings: [
        'You run a shop in the old town with {name}, your partner, who is out buying.',
        'Your shop in the old town belongs to you and {name}, who is buying today.',
      ],
      objectives: [
        'You and {name} intend to buy {the precious} for your shop.',
        'You want {name} to resell {the precious} at a profit for both of you.',
      ],
      asks: ['{name} asks you who has {the precious}.', '{name} stops you and asks where to get {the precious}.'],
    },
    self: {
      openings: [
        'You run a shop in the old town and do the buying alone.',
        'Your shop in the old town is yours alone, and today you are buying.',
      ],
      objectives: [
        'You intend to buy {the precious} for next to nothing.',
        'You want to resell {the precious} at a profit.',
      ],
      asks: ['You ask yourself who has {the precious}.', 'You stop and ask yourself where to get {the precious}.'],
    },
  },
  questions: [
    'If you could give {whom} one address, would you send {whom} to the {first} or the {second}?',
    'When you name {whom} a place to shop at, would you name the {first} or the {second}?',
  ],
  pairs: {
    objectives: [
      '[You intend/{name} intends] to buy {the precious}.',
      '[You have/{name} has] come to town for {the precious}.',
      'At a good price, [you would/{name} would] take {the precious}.',
    ],
    requests: [
      'If you were to refer [yourself/{name}] to one address',
      'The one shop that you would name [yourself/{name}]',
      'Your tip to [yourself/{name}] would be to go to',
    ],
  },
};
