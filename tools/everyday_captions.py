"""A grammar of everyday captions, for text encoders that know English.

`draw(cards)` gives one caption of 4 to 20 words. No names of persons, brands or works.
"""

import random


class Cards:
    """Draws from lists so that every entry comes once before any comes again."""

    def __init__(self, seed: int):
        self._rng = random.Random(seed)
        self._decks: dict[tuple, list] = {}

    def random(self) -> float:
        return self._rng.random()

    def choice(self, entries: list):
        key = tuple(entries)
        if not self._decks.get(key):
            self._decks[key] = self._rng.sample(entries, len(entries))
        return self._decks[key].pop()


def words(text: str) -> list[str]:
    """Entries separated by commas."""
    return [entry.strip() for entry in text.replace("\n", " ").split(",") if entry.strip()]


PEOPLE = words("""
man, woman, boy, girl, child, toddler, baby, teenager, grandmother, grandfather, couple, farmer,
fisherman, carpenter, blacksmith, baker, butcher, chef, waiter, waitress, barista, gardener,
florist, painter, sculptor, potter, weaver, tailor, cobbler, jeweler, watchmaker, plumber,
electrician, mechanic, welder, miner, firefighter, police officer, soldier, sailor, pilot,
astronaut, diver, nurse, doctor, surgeon, dentist, pharmacist, veterinarian, scientist, chemist,
engineer, architect, teacher, professor, student, librarian, journalist, photographer, musician,
violinist, pianist, drummer, guitarist, singer, dancer, ballerina, acrobat, juggler, clown,
magician, monk, nun, priest, shepherd, beekeeper, cowboy, jockey, cyclist, runner, swimmer,
surfer, skier, snowboarder, skateboarder, climber, hiker, golfer, boxer, wrestler, gymnast,
archer, fencer, goalkeeper, tourist, commuter, postman, shopkeeper, cashier, bus driver, truck
driver, judge, bride, groom, knight, king, queen, princess, pirate, wizard, witch
""")
PEOPLE_LOOKS = words("""
smiling, laughing, elderly, young, bearded, bald, tall, freckled, curly haired, barefoot, tired,
sleepy, thoughtful, cheerful, proud, serious, nervous, curious, muscular, elegant, muddy,
sunburned, blond, shy
""")
CLOTHES = words("""
a raincoat, a wool sweater, a leather jacket, a denim jacket, a striped shirt, a checkered
shirt, a linen dress, a velvet gown, a silk scarf, a knitted cap, a straw hat, a bowler hat, a
hooded cloak, overalls, an apron, a tuxedo, pyjamas, rubber boots, sandals, sneakers, mittens,
sunglasses, round spectacles, a bow tie, a kimono, a poncho, a uniform, a helmet, a swimsuit,
suspenders, a turban, a backpack, a necklace, earrings, gloves
""")
PEOPLE_ACTIONS = words("""
reading a newspaper, reading a novel, drinking coffee, eating noodles, eating an ice cream,
peeling an orange, slicing bread, kneading dough, stirring soup, washing dishes, hanging
laundry, ironing a shirt, sweeping the floor, watering plants, planting seedlings, pruning
roses, raking leaves, chopping wood, fixing a bicycle, repairing a radio, painting a fence,
painting a canvas, sketching a portrait, writing a letter, typing on a laptop, talking on the
phone, playing chess, playing cards, playing the cello, playing the trumpet, playing the
accordion, playing tennis, playing volleyball, throwing a frisbee, flying a kite, blowing
bubbles, skipping rope, climbing a ladder, climbing a rope, riding a horse, riding a camel,
riding a scooter, rowing a boat, paddling a kayak, catching a fish, feeding pigeons, feeding
ducks, walking a dog, hugging a puppy, brushing a pony, milking a goat, shearing a sheep,
carrying a basket, carrying firewood, pushing a wheelbarrow, pushing a stroller, pulling a sled,
building a sandcastle, building a snowman, lighting a candle, holding a lantern, holding an
umbrella, holding a bouquet, opening a present, waiting for a train, crossing the street,
climbing the stairs, leaning on a railing, sitting on a bench, sleeping in a hammock, lying in
the grass, jumping into a lake, waving a flag, whistling, yawning, meditating, stretching,
knitting a sock, sewing a quilt, tying shoelaces, combing hair, brushing teeth, looking through
a telescope, looking through a microscope, pouring tea, decorating a cake, grilling sausages,
picking apples, picking strawberries
""")
ANIMALS = words("""
dog, puppy, cat, kitten, horse, foal, donkey, mule, cow, calf, bull, ox, goat, sheep, lamb, pig,
piglet, rabbit, hare, hamster, guinea pig, mouse, rat, squirrel, chipmunk, beaver, otter,
badger, skunk, raccoon, hedgehog, mole, bat, fox, wolf, coyote, jackal, hyena, lion, lioness,
tiger, leopard, cheetah, jaguar, panther, lynx, bear, polar bear, panda, koala, kangaroo,
wombat, possum, platypus, sloth, anteater, armadillo, elephant, rhinoceros, hippopotamus,
giraffe, zebra, antelope, gazelle, deer, stag, fawn, moose, elk, reindeer, bison, buffalo, yak,
camel, llama, alpaca, monkey, baboon, gorilla, chimpanzee, orangutan, lemur, meerkat, mongoose,
ferret, weasel, seal, walrus, sea lion, dolphin, whale, orca, manatee, shark, stingray, eel,
salmon, trout, goldfish, seahorse, octopus, squid, jellyfish, starfish, crab, lobster, shrimp,
snail, slug, frog, toad, newt, salamander, lizard, gecko, iguana, chameleon, snake, python,
cobra, turtle, tortoise, crocodile, alligator, chicken, hen, rooster, duck, duckling, goose,
swan, turkey, peacock, pigeon, dove, sparrow, robin, finch, canary, parrot, parakeet, cockatoo,
crow, raven, magpie, owl, hawk, falcon, eagle, vulture, heron, stork, crane, flamingo, pelican,
seagull, puffin, penguin, ostrich, emu, kingfisher, woodpecker, hummingbird, swallow, bee,
bumblebee, wasp, ant, beetle, ladybug, butterfly, moth, dragonfly, grasshopper, cricket, mantis,
spider, scorpion, caterpillar, firefly
""")
ANIMAL_LOOKS = words("""
fluffy, shaggy, spotted, striped, wet, hungry, playful, alert, sleepy, tiny, enormous, newborn,
old, wild, tame, speckled, albino, lonely, majestic, grumpy, slender, plump
""")
ANIMAL_ACTIONS = words("""
asleep, running, jumping over a log, drinking from a puddle, hiding behind a rock, peeking out
of a burrow, looking at the camera, chasing its tail, standing guard, grooming itself, resting
in the shade, crossing a stream, climbing a branch, digging a hole, carrying its young, sniffing
a flower, stretching its legs, hunting at dawn, basking in the sun, shaking off water, nibbling
on a leaf, caught in mid air, next to its mother, behind a fence, in tall grass, on a
windowsill, under a table, beside a river, on a mossy stone, in a cardboard box, on a rooftop,
in a zoo, on a farm, at a watering hole
""")
VEHICLES = words("""
car, taxi, limousine, convertible, jeep, van, minibus, bus, school bus, double decker bus, tram,
trolley, truck, lorry, tanker, tow truck, fire engine, ambulance, police car, tractor, combine
harvester, bulldozer, excavator, forklift, steamroller, motorcycle, moped, scooter, bicycle,
tandem, tricycle, unicycle, rickshaw, carriage, wagon, sled, snowmobile, train, steam
locomotive, freight train, subway train, monorail, cable car, airplane, biplane, glider, jet,
seaplane, helicopter, hot air balloon, airship, rocket, space shuttle, satellite, drone, canoe,
kayak, rowboat, gondola, raft, sailboat, catamaran, yacht, ferry, cruise ship, container ship,
fishing boat, tugboat, lifeboat, hovercraft, submarine, camper, caravan, go kart, racing car,
hearse, milk float, golf cart
""")
VEHICLE_LOOKS = words("""
rusty, shiny, vintage, battered, brand new, abandoned, muddy, dented, overloaded, electric,
wooden, rented, sunken, overturned, polished, toy, crowded, half finished
""")
VEHICLE_PLACES = words("""
parked in a driveway, stuck in traffic, on a gravel road, on a coastal highway, crossing a
bridge, in a tunnel, at a gas station, in a garage, in a junkyard, at a crossroads, in front of
a warehouse, on a ramp, under an overpass, at a border checkpoint, in a museum, covered in snow,
at the harbour, leaving the station, on a steep hill, in the rain, at full speed, waiting at a
red light, seen from above, with its headlights on, by the roadside
""")
FOODS = words("""
bread, baguettes, bagels, croissants, pretzels, muffins, pancakes, waffles, porridge, cereal,
toast, butter, cheese, yogurt, cream, eggs, omelette, bacon, sausages, ham, meatballs, steak,
roast chicken, lamb chops, fried fish, sardines, oysters, mussels, sushi, rice, risotto,
noodles, spaghetti, lasagna, ravioli, dumplings, pizza, hamburgers, sandwiches, tacos, burritos,
falafel, hummus, curry, lentils, chickpeas, beans, tofu, stew, soup, salad, coleslaw, potatoes,
french fries, carrots, onions, garlic, leeks, celery, cabbage, broccoli, cauliflower, spinach,
kale, lettuce, cucumbers, tomatoes, peppers, chili, eggplants, zucchini, pumpkins, squash, corn,
peas, asparagus, artichokes, radishes, beets, turnips, mushrooms, truffles, olives, pickles,
avocados, apples, pears, plums, peaches, apricots, cherries, grapes, strawberries, raspberries,
blueberries, blackberries, currants, oranges, tangerines, lemons, limes, grapefruit, bananas,
pineapples, mangoes, papayas, kiwis, figs, dates, pomegranates, melons, watermelons, coconuts,
almonds, walnuts, hazelnuts, chestnuts, peanuts, pistachios, raisins, honey, jam, marmalade,
syrup, chocolate, fudge, caramel, candy, lollipops, cookies, brownies, doughnuts, cupcakes,
cheesecake, apple pie, pudding, custard, gelato, sorbet, popcorn, crackers, mustard, ketchup,
basil, parsley, rosemary, thyme, mint, ginger, cinnamon, saffron, turmeric, vanilla
""")
FOOD_LOOKS = words("""
fresh, ripe, sliced, steamed, grilled, roasted, fried, frozen, leftover, homemade, spicy, sweet,
salted, smoked, burnt, rotten, organic, golden, crispy, sticky, half eaten, overflowing
""")
VESSELS = words("""
a bowl of, a plate of, a basket of, a tray of, a jar of, a crate of, a pile of, a pan of, a
spoonful of, a bag of, a slice of, a platter of, a heap of, a tin of, a handful of, a market
stall selling, a recipe for, a still life with
""")
DRINKS = words("""
coffee, espresso, cappuccino, black tea, green tea, lemonade, orange juice, milk, cocoa, water,
cider, beer, red wine, champagne, whiskey, a milkshake, a smoothie, a cocktail, iced tea, ginger
ale
""")
THINGS = words("""
chair, armchair, rocking chair, stool, bench, sofa, couch, table, desk, bookshelf, wardrobe,
dresser, cupboard, cabinet, bed, bunk bed, cradle, mattress, pillow, blanket, quilt, carpet,
rug, curtain, lamp, chandelier, lantern, candle, candlestick, mirror, clock, alarm clock,
hourglass, sundial, vase, pot, kettle, teapot, teacup, mug, goblet, bottle, jug, pitcher, spoon,
fork, knife, chopsticks, ladle, whisk, rolling pin, grater, colander, toaster, blender, oven,
stove, refrigerator, dishwasher, washing machine, vacuum cleaner, broom, mop, bucket, sponge,
soap, towel, toothbrush, comb, razor, bathtub, sink, faucet, umbrella, suitcase, trunk, wallet,
purse, handbag, briefcase, hat, glove, scarf, boot, shoe, slipper, button, zipper, needle,
thimble, scissors, hammer, nail, screwdriver, wrench, pliers, saw, axe, drill, chisel, anvil,
shovel, rake, hoe, pitchfork, watering can, wheelbarrow, ladder, rope, chain, hook, anchor,
compass, map, globe, telescope, microscope, binoculars, camera, tripod, projector, television,
radio, gramophone, telephone, typewriter, keyboard, computer, printer, calculator, abacus,
pencil, pen, quill, inkwell, eraser, ruler, notebook, book, newspaper, envelope, postcard,
stamp, paintbrush, palette, easel, picture frame, sculpture, bust, violin, cello, guitar, banjo,
harp, piano, organ, flute, clarinet, saxophone, trumpet, trombone, tuba, drum, tambourine,
xylophone, accordion, harmonica, bell, whistle, doll, puppet, teddy bear, spinning top, marble,
kite, balloon, ball, football, basketball, tennis racket, baseball bat, hockey stick, golf club,
dart board, chessboard, dice, playing card, jigsaw puzzle, trophy, medal, crown, ring, bracelet,
brooch, pearl, diamond, coin, key, padlock, treasure chest, sword, shield, bow, arrow, cannon,
helmet, armor, mask, fan, feather, seashell, fossil, skull, crystal, pebble, magnet, battery,
light bulb, fuse, propeller, wheel, gear, engine, bicycle pump, traffic cone, street sign,
mailbox, fire hydrant, park bench, fountain, statue, scarecrow, birdcage, beehive, fish tank,
doghouse, tent, sleeping bag, campfire, barbecue, picnic basket, hammock, swing, seesaw, slide
""")
MATERIALS = words("""
wooden, bamboo, wicker, metal, iron, steel, copper, brass, bronze, silver, gold, tin, lead,
glass, crystal, porcelain, ceramic, clay, terracotta, marble, granite, sandstone, concrete,
plaster, plastic, rubber, leather, suede, velvet, silk, cotton, linen, woolen, felt, paper,
cardboard, wax, ivory, amber, jade, stone, cork, straw, enamel, lace, denim
""")
COLOURS = words("""
red, orange, yellow, green, blue, purple, pink, brown, black, white, grey, beige, turquoise,
teal, crimson, scarlet, maroon, navy, lavender, violet, magenta, olive, mustard yellow, emerald,
ivory white, pale blue, dark green, bright red
""")
THING_LOOKS = words("""
broken, cracked, antique, modern, handmade, tiny, gigantic, dusty, folded, painted, empty, half
full, forgotten, ornate, simple, round, square, triangular, crooked, transparent, glowing, worn,
expensive, cheap, heavy, portable, unfinished
""")
THING_PLACES = words("""
on a table, on a shelf, on the floor, in a drawer, in an attic, in a cellar, on a windowsill, on
a stone wall, in a shop window, at a flea market, in a museum case, in the sand, in the grass,
on a marble counter, against a brick wall, under a bed, next to a fireplace, on a white
background, on a black background, on a plain grey background, in someone's hand, hanging from
the ceiling, leaning against a door, wrapped in paper, covered with cobwebs, in a puddle, on a
porch, on a workbench, beside an open book, among autumn leaves
""")
ROOMS = words("""
kitchen, bathroom, bedroom, living room, dining room, hallway, nursery, study, attic, basement,
garage, laundry room, pantry, classroom, lecture hall, laboratory, library, office, meeting
room, waiting room, hospital ward, operating theatre, church interior, mosque interior, temple
hall, theatre, cinema, concert hall, ballroom, gymnasium, swimming pool, sauna, restaurant,
cafe, bakery, butcher shop, bookshop, barber shop, supermarket, department store, pharmacy,
hotel lobby, elevator, staircase, corridor, train compartment, airport lounge, subway station,
factory floor, workshop, studio, greenhouse, barn, stable, wine cellar, prison cell, castle
hall, throne room, cabin, tent, treehouse, lighthouse room, ship's cabin, cockpit
""")
ROOM_LOOKS = words("""
cosy, messy, tidy, empty, crowded, dimly lit, sunlit, spacious, cramped, minimalist, rustic,
luxurious, shabby, abandoned, freshly painted, windowless, old fashioned, futuristic, candlelit,
flooded
""")
ROOM_PARTS = words("""
a wooden floor, tiled walls, a high ceiling, a fireplace, a spiral staircase, stained glass
windows, a large window, potted plants, a persian carpet, leather armchairs, bunk beds, flowered
wallpaper, exposed brick, a skylight, shelves full of books, rows of seats, a chandelier, a
grand piano, neon lights, copper pans, an open door, peeling paint, a checkered floor
""")
LANDSCAPES = words("""
mountain, mountain range, hill, valley, canyon, gorge, cliff, cave, volcano, crater, glacier,
iceberg, fjord, island, peninsula, lagoon, coral reef, beach, dune, desert, oasis, savanna,
prairie, steppe, tundra, meadow, pasture, wheat field, rice terrace, vineyard, orchard, olive
grove, lavender field, tulip field, forest, birch forest, pine forest, rainforest, bamboo grove,
swamp, marsh, bog, lake, pond, river, creek, waterfall, hot spring, geyser, delta, estuary, bay,
harbour, coastline, ocean, village, town, city skyline, suburb, alley, avenue, market square,
park, garden, cemetery, castle, palace, cathedral, chapel, monastery, pagoda, pyramid, ruin,
aqueduct, bridge, dam, windmill, watermill, lighthouse, farmhouse, cottage, log cabin,
skyscraper, factory, power plant, oil rig, quarry, railway, highway, airport, stadium, amusement
park, ferris wheel, playground, campsite, ski slope, golf course, racetrack, pier, canal,
boulevard, plaza, courtyard, igloo
""")
LANDSCAPE_LOOKS = words("""
quiet, remote, snowy, misty, green, barren, rocky, lush, frozen, flooded, burning, windswept,
sunny, moonlit, ancient, deserted, busy, colourful, rolling, endless, peaceful, gloomy, narrow,
steep
""")
PLANTS = words("""
oak tree, maple tree, willow, birch, pine, cypress, palm tree, cherry tree, apple tree, baobab,
redwood, cactus, fern, moss, ivy, bamboo, rose, tulip, daffodil, daisy, sunflower, poppy, lily,
orchid, iris, lavender bush, hydrangea, peony, carnation, chrysanthemum, dandelion, thistle,
clover, heather, water lily, lotus, magnolia, hibiscus, bonsai, mushroom, reed, wheat, snowdrop,
crocus, geranium, begonia, petunia, marigold, aloe, venus flytrap
""")
PLANT_LOOKS = words("""
blooming, wilted, withered, dew covered, potted, budding, giant, gnarled, leafless, evergreen,
frost covered, climbing, freshly cut, dried, blossoming, uprooted
""")
WEATHER = words("""
in heavy rain, in a thunderstorm, in thick fog, under a rainbow, in a blizzard, in light snow,
on a windy day, on a cloudy day, on a hot summer day, on a frosty morning, at sunrise, at
sunset, at dusk, at noon, at midnight, under a full moon, under the stars, beneath the northern
lights, in early spring, in late autumn, in winter, in the golden hour, after the rain, during a
heat wave, during a solar eclipse, in a hailstorm, in the morning mist, under a clear blue sky,
under dark clouds
""")
VIEWS = words("""
close up of, wide angle view of, aerial view of, bird's eye view of, side view of, rear view of,
front view of, macro shot of, panorama of, portrait of, silhouette of, reflection of, blurry
picture of, cropped picture of, fisheye view of, long exposure of
""")
MEDIA = words("""
photo of, photograph of, black and white photo of, polaroid of, snapshot of, oil painting of,
watercolor of, gouache of, acrylic painting of, fresco of, mosaic of, stained glass window of,
tapestry of, woodcut of, etching of, engraving of, lithograph of, linocut of, screen print of,
pencil drawing of, charcoal drawing of, ink drawing of, chalk drawing of, crayon drawing of,
pastel of, caricature of, cartoon of, comic strip of, sketch of, blueprint of, diagram of,
poster of, postcard of, book illustration of, logo of, icon of, sticker of, tattoo of, graffiti
of, mural of, clay figure of, origami of, paper cutout of, bronze statue of, ice sculpture of,
wood carving of, embroidery of, pixel art of, low poly render of, 3d render of, vector drawing
of, collage of, x ray of, satellite image of, children's drawing of
""")
STYLES = words("""
in the style of impressionism, in the style of expressionism, in the style of cubism, in baroque
style, in gothic style, in art deco style, in art nouveau style, in pop art style, in minimalist
style, in surrealist style, in rococo style, in pointillist style, in futurist style, in
renaissance style, in romantic style, in steampunk style, in pastel colours, in bold colours, in
muted tones, in sepia, with dramatic lighting, with soft light, with a shallow depth of field,
with long shadows, with bokeh, backlit, in high contrast, out of focus, highly detailed, with
thick brush strokes
""")
EVENTS = words("""
wedding, funeral, birthday party, carnival, parade, festival, fireworks display, concert,
rehearsal, audition, exhibition, auction, banquet, picnic, barbecue party, breakfast, lunch,
dinner, feast, tea ceremony, harvest, hunt, marathon, relay race, regatta, tournament, duel,
battle, siege, protest, strike, election, trial, debate, lecture, graduation, baptism,
pilgrimage, procession, masquerade, ball, puppet show, magic show, circus, rodeo, fashion show,
job interview, press conference, eclipse, earthquake, avalanche, landslide, flood, wildfire,
explosion, shipwreck, rescue, excavation, expedition, moon landing, traffic jam, evacuation,
power cut, snowball fight, pillow fight, sleepover, reunion, farewell, haircut, vaccination,
chess match, spelling contest, bake sale, garage sale, cattle market, boat christening
""")
EVENT_LOOKS = words("""
chaotic, solemn, festive, secret, traditional, medieval, outdoor, noisy, joyful, sudden, annual,
rainy, televised, disastrous, improvised, royal, rural, urban, nightly, historic, crowded,
dramatic
""")
CREATURES = words("""
dragon, unicorn, griffin, phoenix, mermaid, centaur, minotaur, cyclops, giant, dwarf, elf,
fairy, goblin, troll, ogre, gnome, leprechaun, vampire, werewolf, zombie, ghost, skeleton,
mummy, demon, angel, sphinx, kraken, sea serpent, yeti, golem, robot, cyborg, android, alien,
dinosaur, mammoth, sabertooth, pterodactyl, trilobite, snowman, gargoyle, genie, scarecrow,
samurai, ninja, viking, gladiator, pharaoh, emperor, jester, monarch, oracle, alchemist
""")
CREATURE_ACTIONS = words("""
guarding a bridge, breathing fire, casting a spell, counting coins, rising from the sea, flying
over rooftops, haunting a mansion, dancing in moonlight, brewing a potion, riding an escalator,
fighting a beast, reading a scroll, emerging from fog, eating cereal, lost in a maze, trapped
inside a bottle, mending a net, playing the lute, staring into a mirror, climbing a tower, made
of leaves, made of lightning, made of gemstones, wrapped in chains, wearing pajamas, waiting at
a bus stop, lifting a boulder, whispering
""")
BODY = words("""
hand, fist, palm, thumb, fingernail, wrist, elbow, shoulder, neck, throat, chin, cheek, lips,
tongue, tooth, nose, ear, eye, eyebrow, eyelash, forehead, beard, moustache, ponytail, braid,
curls, wrinkles, dimple, scar, knee, ankle, foot, heel, toe, rib cage, spine, heart, lung,
brain, vein, muscle, beak, claw, paw, hoof, horn, antler, tusk, mane, tail, wing, fin, scales,
whiskers, fur, shell, cocoon, nest, egg, web, hive, petal, stem, thorn, root, bark, twig, acorn,
pine cone, seed, pollen, leaf, bud
""")
PATTERNS = words("""
stripes, polka dots, checks, plaid, tartan, paisley, herringbone, zigzags, spirals, circles,
triangles, hexagons, stars, crosses, waves, ripples, bubbles, droplets, flames, smoke, dust,
mist, shadows, reflections, cracks, wrinkled foil, snowflakes, frost, icicles, lace, knots,
braids, tiles, bricks, cobblestones, pebbles, gravel, planks, shingles, rivets, gears, circuits,
wires, letters, numerals, hieroglyphs, runes, musical notes, arrows, hearts, diamonds, feathers,
scales, leaves, vines, blossoms, fruits, insects, faces, eyes, hands, keys, buttons, beads,
coins, confetti, ribbons, clouds, planets, galaxies, comets, meteors
""")
BUILDING_PARTS = words("""
roof, chimney, gable, dormer, gutter, attic window, shutter, balcony, veranda, terrace, patio,
doorway, doorknob, door knocker, threshold, gate, archway, vault, dome, spire, steeple, belfry,
turret, battlement, drawbridge, moat, buttress, column, pillar, capital, cornice, pediment,
facade, stairwell, banister, handrail, escalator, skylight, fire escape, scaffold, beam, rafter,
tile floor, mosaic floor, parquet, radiator, vent, pipe, antenna, weather vane, awning,
signboard, fence, hedge, trellis, pergola, pavilion, gazebo, well, birdbath, driveway, kerb,
manhole, lamppost, milestone, turnstile, crane, silo, shed, kennel, henhouse
""")
IDEAS = words("""
freedom, justice, loneliness, friendship, love, jealousy, anger, grief, joy, hope, fear,
courage, patience, greed, wisdom, folly, curiosity, memory, childhood, old age, death, birth,
war, peace, work, leisure, hunger, abundance, silence, music, mathematics, geometry, astronomy,
medicine, justice for all, harvest time, migration, homesickness, luck, fate, dreams, sleep,
gravity, time, speed, balance, chaos, order, growth, decay, spring, winter, the four seasons,
the five senses, democracy, trade, travel, discovery, invention, electricity, evolution,
climate, recycling, hygiene, sport, fashion
""")
NUMBERS = words("""
two, three, four, five, six, seven, a dozen, several, many, a pair of, a group of, a row of,
hundreds of
""")
RELATIONS = words("""
next to, behind, in front of, on top of, beside, near, under, between a tree and, opposite, far
from, inside, above
""")

CONNECTIONS = ["with", "near", "and"]


def article(phrase: str) -> str:
    """The phrase with "a" or "an" before it."""
    silent = phrase.startswith(("hourglass", "x ray"))
    sounded = phrase.startswith(("uni", "euro", "one"))
    return ("an " if (phrase[0] in "aeiou" or silent) and not sounded else "a ") + phrase


def plural(noun: str) -> str:
    """Of a noun that this grammar knows."""
    irregular = {
        "man": "men", "woman": "women", "child": "children", "mouse": "mice",
        "goose": "geese", "ox": "oxen", "wolf": "wolves", "calf": "calves",
        "sheep": "sheep", "deer": "deer", "bison": "bison", "fish": "fish",
        "moose": "moose", "salmon": "salmon", "trout": "trout", "squid": "squid",
        "shrimp": "shrimp", "goldfish": "goldfish", "jellyfish": "jellyfish",
        "starfish": "starfish", "knife": "knives", "scissors": "scissors",
        "chopsticks": "chopsticks", "binoculars": "binoculars", "pliers": "pliers",
        "dice": "dice", "armor": "suits of armor", "bookshelf": "bookshelves",
        "fisherman": "fishermen", "postman": "postmen", "platypus": "platypuses",
        "octopus": "octopuses",
    }  # fmt: skip
    head, _, last = noun.rpartition(" ")
    if last in irregular:
        last = irregular[last]
    elif last.endswith("y") and last[-2] not in "aeiou":
        last = last[:-1] + "ies"
    elif last.endswith(("s", "x", "ch", "sh")):
        last += "es"
    else:
        last += "s"
    return f"{head} {last}".strip()


def person(cards: Cards) -> str:
    who = cards.choice(PEOPLE)
    if cards.random() < 0.45:
        who = f"{cards.choice(PEOPLE_LOOKS)} {who}"
    phrase = article(who)
    if cards.random() < 0.35:
        phrase += f" wearing {cards.choice(CLOTHES)}"
    return f"{phrase} {cards.choice(PEOPLE_ACTIONS)}"


def animal(cards: Cards) -> str:
    kind = cards.choice(ANIMALS)
    look = f"{cards.choice(ANIMAL_LOOKS)} " if cards.random() < 0.55 else ""
    if cards.random() < 0.2:
        return f"{cards.choice(NUMBERS)} {look}{plural(kind)}"
    return f"{article(look + kind)} {cards.choice(ANIMAL_ACTIONS)}"


def vehicle(cards: Cards) -> str:
    look = cards.choice(VEHICLE_LOOKS + COLOURS)
    return f"{article(f'{look} {cards.choice(VEHICLES)}')} {cards.choice(VEHICLE_PLACES)}"


def food(cards: Cards) -> str:
    if cards.random() < 0.15:
        drink = cards.choice(DRINKS).removeprefix("a ")
        return f"a glass of {drink} and some {cards.choice(FOODS)}"
    look = f"{cards.choice(FOOD_LOOKS)} " if cards.random() < 0.6 else ""
    second = f" and {cards.choice(FOODS)}" if cards.random() < 0.6 else ""
    return f"{cards.choice(VESSELS)} {look}{cards.choice(FOODS)}{second}"


def thing(cards: Cards) -> str:
    kind = cards.choice(THINGS)
    look = " ".join(
        cards.choice(list_) for list_ in (THING_LOOKS, COLOURS, MATERIALS) if cards.random() < 0.4
    )
    if cards.random() < 0.15:
        return f"{cards.choice(NUMBERS)} {look} {plural(kind)}".replace("  ", " ")
    phrase = article(f"{look} {kind}".strip())
    if cards.random() < 0.3:
        return f"{phrase} {cards.choice(RELATIONS)} {article(cards.choice(THINGS))}"
    return f"{phrase} {cards.choice(THING_PLACES)}"


def room(cards: Cards) -> str:
    phrase = article(f"{cards.choice(ROOM_LOOKS)} {cards.choice(ROOMS)}")
    return f"{phrase} with {cards.choice(ROOM_PARTS)}" if cards.random() < 0.7 else phrase


def landscape(cards: Cards) -> str:
    phrase = article(f"{cards.choice(LANDSCAPE_LOOKS)} {cards.choice(LANDSCAPES)}")
    if cards.random() < 0.35:
        phrase += f" {cards.choice(CONNECTIONS)} {article(cards.choice(LANDSCAPES))}"
    return f"{phrase} {cards.choice(WEATHER)}"


def plant(cards: Cards) -> str:
    phrase = article(f"{cards.choice(PLANT_LOOKS)} {cards.choice(PLANTS)}")
    return f"{phrase} {cards.choice(WEATHER + THING_PLACES)}"


def event(cards: Cards) -> str:
    phrase = article(f"{cards.choice(EVENT_LOOKS)} {cards.choice(EVENTS)}")
    return f"{phrase} in {article(cards.choice(LANDSCAPES + ROOMS))}"


def creature(cards: Cards) -> str:
    return f"{article(cards.choice(CREATURES))} {cards.choice(CREATURE_ACTIONS)}"


def detail(cards: Cards) -> str:
    """Parts of bodies and buildings, patterns and ideas."""
    kind = cards.random()
    if kind < 0.35:
        return f"the {cards.choice(BODY)} of {article(cards.choice(ANIMALS + PEOPLE))}"
    if kind < 0.6:
        return f"the {cards.choice(COLOURS)} {cards.choice(BUILDING_PARTS)} of an old house"
    if kind < 0.8:
        colour = cards.choice(COLOURS)
        return f"a pattern of {colour} {cards.choice(PATTERNS)} and {cards.choice(PATTERNS)}"
    return f"an allegory of {cards.choice(IDEAS)} and {cards.choice(IDEAS)}"


# The subjects, with repeats as weights.
SUBJECTS = [person] * 4 + [animal] * 4 + [thing] * 5 + [food] * 3 + [landscape] * 3
SUBJECTS += [vehicle] * 2 + [room] * 2 + [plant] + [event] * 2 + [creature] * 2 + [detail] * 4


def draw(cards: Cards) -> str:
    """One caption of 4 to 20 words."""
    while True:
        subject = cards.choice(SUBJECTS)
        caption = subject(cards)
        before = cards.random()
        if before < 0.45:
            caption = f"{article(cards.choice(MEDIA))} {caption}"
        elif before < 0.6:
            caption = f"{article(cards.choice(VIEWS))} {caption}"
        if cards.random() < 0.2:
            caption += f" {cards.choice(STYLES)}"
        elif subject in (person, animal, vehicle) and cards.random() < 0.3:
            caption += f" {cards.choice(WEATHER)}"
        elif subject in (person, animal) and cards.random() < 0.25:
            caption += f" in front of {article(cards.choice(LANDSCAPES))}"
        if 4 <= len(caption.split()) <= 20:
            return caption
