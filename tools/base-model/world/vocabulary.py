"""The words of the world: which things, class words, colours, styles and scenes its captions use.

Names of things are Unicode emoji names, as in the sprite file. The order of every list and
dictionary matters: captions are drawn from them by a seeded generator.
"""

# Things whose 3-D render ("photo") is never shown in training, so that concepts made of those
# renders are new to the model. Their drawings in the other styles are shown.
HELD_OUT = {
    "cat face",
    "poodle",
    "teddy bear",
    "racing car",
    "owl",
    "sunflower",
    "backpack",
    "running shoe",
    "top hat",
    "dragon face",
    "turtle",
    "house with garden",
    "cupcake",
    "alarm clock",
    "robot",
    "rocket",
}

# The picture set whose style the captions call a photo.
PHOTO_SOURCE = "fluent3d"

# Picture set -> how a caption may name its style.
STYLE = {
    "fluent3d": ["photo of", "a photo of", "photo of", "a picture of", ""],
    "noto": ["painting of", "a painting of"],
    "twemoji": ["cartoon of", "a cartoon of"],
    "fluent-emoji-flat": ["flat icon of", "a flat icon of"],
    "emojione": ["sticker of", "a sticker of"],
}

# How often each picture set is drawn from, written as a list with repeats.
ALL_SOURCES = ["fluent3d"] * 11 + ["noto"] * 3 + ["twemoji", "fluent-emoji-flat"] * 2 + ["emojione"]
NARROW_SOURCES = ["fluent3d"] * 14 + ["noto"] * 2 + ["fluent-emoji-flat"] * 2

# Class word -> the names it also stands for.
NOUNS = {
    "flower": "cherry blossom,white flower,lotus,rose,wilted flower,hibiscus,sunflower,blossom,"
    "tulip,hyacinth,bouquet",
    "bird": "turkey,chicken,rooster,bird,penguin,dove,eagle,duck,swan,owl,dodo,flamingo,peacock,"
    "parrot,black bird,goose,phoenix,hatching chick,baby chick",
    "shoe": "man’s shoe,running shoe,hiking boot,flat shoe,high-heeled shoe,ballet shoes,"
    "woman’s boot",
    "bag": "handbag,backpack,clutch bag,purse,luggage",
    "car": "automobile,oncoming automobile,taxi,oncoming taxi,police car,oncoming police car,"
    "sport utility vehicle,racing car,pickup truck",
    "dog": "dog face,dog,guide dog,service dog,poodle",
    "cat": "cat face,cat,black cat",
    "bear": "bear,polar bear,panda,koala,teddy bear",
    "boat": "sailboat,canoe,speedboat,motor boat,ship,passenger ship,ferry",
    "hat": "top hat,woman’s hat,graduation cap,billed cap,military helmet,rescue worker’s helmet",
    "tree": "evergreen tree,deciduous tree,palm tree,Christmas tree,leafless tree",
    "ball": "soccer ball,baseball,softball,basketball,volleyball,pool 8 ball,crystal ball,"
    "mirror ball,american football,rugby football",
    "fruit": "grapes,melon,watermelon,tangerine,lemon,lime,banana,mango,red apple,green apple,"
    "pear,peach,cherries,strawberry,blueberries,kiwi fruit",
    "apple": "red apple,green apple",
    "cake": "birthday cake,shortcake,cupcake",
    "house": "house,house with garden,hut,castle",
    "plane": "airplane,small airplane",
    "train": "locomotive,high-speed train,bullet train,train,metro,light rail,tram,monorail",
    "book": "closed book,open book,green book,blue book,orange book,notebook,ledger",
    "fish": "fish,tropical fish,blowfish,shark",
    "monkey": "monkey face,monkey,gorilla,orangutan",
    "dragon": "dragon face,dragon",
    "turtle": "turtle",
    "mouse": "mouse face,mouse,rat,hamster",
    "pig": "pig face,pig,boar",
    "cow": "cow face,cow,ox,water buffalo,bison",
    "horse": "horse face,horse,unicorn,donkey,zebra",
    "tiger": "tiger face,tiger,leopard",
    "rabbit": "rabbit face,rabbit",
    "camel": "camel,two-hump camel,llama",
    "sheep": "ewe,ram,goat",
    "whale": "spouting whale,whale,orca",
    "umbrella": "umbrella,closed umbrella,umbrella with rain drops,umbrella on ground",
    "bus": "bus,oncoming bus,trolleybus",
    "truck": "delivery truck,articulated lorry,pickup truck,fire engine",
    "snowman": "snowman,snowman without snow",
    "toy": "teddy bear,yo-yo,game die,piñata,robot,puzzle piece,nesting dolls,balloon,kite",
    "rocket": "rocket",
    "robot": "robot,alien monster",
    "spacecraft": "rocket,flying saucer,satellite",
    "dinosaur": "sauropod,T-Rex",
    "mushroom": "mushroom,brown mushroom",
    "insect": "butterfly,bug,ant,honeybee,beetle,lady beetle,cricket,fly",
    "glasses": "glasses,sunglasses,goggles",
    "cup": "hot beverage,teacup without handle,cup with straw,bubble tea",
    "drink": "cocktail glass,tropical drink,beer mug,wine glass,bubble tea",
    "guitar": "guitar,banjo",
    "camera": "camera,camera with flash,video camera,movie camera",
    "bread": "bread,croissant,baguette bread,bagel,pretzel",
    "clock": "stopwatch,watch",
    "phone": "mobile phone,telephone",
    "computer": "laptop,desktop computer",
}

# Colour word -> red, green, blue in [0, 1]. Used for plain backgrounds and for tints.
COLORS = {
    "red": (0.86, 0.12, 0.14),
    "orange": (0.96, 0.55, 0.1),
    "yellow": (0.97, 0.85, 0.2),
    "green": (0.2, 0.65, 0.25),
    "blue": (0.15, 0.4, 0.9),
    "purple": (0.55, 0.25, 0.8),
    "pink": (0.97, 0.55, 0.72),
    "brown": (0.5, 0.32, 0.18),
    "black": (0.09, 0.09, 0.1),
    "white": (0.96, 0.96, 0.96),
    "gray": (0.55, 0.56, 0.58),
}

# Colours that are never used to tint a thing.
UNTINTED = ("black", "white", "gray", "brown")

# A background of one colour is called "plain:" followed by its colour word.
PLAIN = "plain:"

# Scene -> how a caption may name it.
SCENES = {
    "grass": ["on the grass", "in a field"],
    "beach": ["on the beach", "on the sand by the sea"],
    "snow": ["in the snow"],
    "desert": ["in the desert"],
    "night": ["at night", "under the moon"],
    "water": ["under water", "in the ocean"],
    "forest": ["in the forest", "in the woods"],
    "city": ["in the city", "on a city street"],
    "wood": ["on a wooden table", "on a table"],
    "brick": ["in front of a brick wall"],
    "checker": ["on a checkered floor"],
    "mountains": ["in the mountains"],
    "sunset": ["at sunset"],
    "space": ["in space"],
    "road": ["on the road"],
    "sky": ["in the sky"],
}

# Scenes without a ground to stand on: things float there and cast no shadow.
FLOATING_SCENES = {"water", "space", "sky", "brick"}

# Every kind of background, in the order in which they are rendered.
BACKGROUND_KINDS = list(SCENES) + [PLAIN + color for color in COLORS]

# The things that the narrow training phases keep, so that each is seen more often.
NARROW_NAMES = (
    # animals and plants
    "cat face,cat,black cat,dog face,dog,guide dog,service dog,poodle,bear,polar bear,panda,koala,"
    "teddy bear,lion,tiger face,fox,rabbit face,rabbit,horse,cow,pig,elephant,giraffe,monkey,"
    "mouse,penguin,bird,duck,owl,parrot,chicken,rooster,eagle,flamingo,frog,turtle,snake,dragon,"
    "dragon face,T-Rex,sauropod,fish,tropical fish,shark,octopus,crab,whale,dolphin,butterfly,"
    "honeybee,lady beetle,snail,tulip,rose,sunflower,hibiscus,blossom,cherry blossom,mushroom,"
    "evergreen tree,deciduous tree,palm tree,cactus,"
    # food
    "red apple,green apple,banana,watermelon,strawberry,lemon,pear,carrot,hamburger,pizza,"
    "doughnut,cupcake,birthday cake,shortcake,ice cream,hot beverage,teapot,bread,cookie,"
    # vehicles and buildings
    "automobile,oncoming automobile,taxi,oncoming taxi,police car,racing car,"
    "sport utility vehicle,bus,fire engine,delivery truck,tractor,locomotive,motor scooter,"
    "bicycle,airplane,helicopter,rocket,flying saucer,sailboat,speedboat,canoe,motor boat,house,"
    "house with garden,castle,tent,"
    # things
    "backpack,handbag,purse,luggage,running shoe,man’s shoe,hiking boot,top hat,woman’s hat,"
    "billed cap,graduation cap,crown,umbrella,balloon,soccer ball,basketball,wrapped gift,guitar,"
    "violin,drum,trumpet,camera,laptop,television,telephone,light bulb,open book,blue book,key,"
    "clown face,robot,alien,ghost,snowman,jack-o-lantern,glasses,sunglasses,chair,bed"
).split(",")
