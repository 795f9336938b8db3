"""Names and places that invented people are made of: common ones, so that they are nobody's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """What people there are called and where they live. `share` is out of all shares.

    `phone` is a range that the country's regulator keeps for films and examples, with
    an x for each digit to draw; not every country has one.
    """

    code: str
    language: str
    time_zone: str
    share: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    cities: tuple[str, ...]
    phone: str = ""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


COUNTRIES = (
    Country(
        "FR",
        "fr",
        "Europe/Paris",
        34,
        _listed(
            "Camille, Léa, Manon, Chloé, Emma, Inès, Jade, Louise, Zoé, Sarah, Juliette, Clara,"
            "Anaïs, Margaux, Pauline, Élise, Mathilde, Noémie, Hélène, Sophie, Nathalie, Céline,"
            "Isabelle, Valérie, Sandrine, Aurélie, Émilie, Marion, Charlotte, Agathe"
        ),
        _listed(
            "Lucas, Hugo, Louis, Nathan, Gabriel, Jules, Arthur, Adam, Raphaël, Théo, Maxime,"
            "Antoine, Baptiste, Clément, Quentin, Romain, Julien, Nicolas, Thomas, Alexandre,"
            "Pierre, François, Laurent, Olivier, Stéphane, Guillaume, Mathieu, Vincent, Rémi, Yanis"
        ),
        _listed(
            "Martin, Bernard, Dubois, Thomas, Robert, Richard, Petit, Durand, Leroy, Moreau, Simon,"
            "Laurent, Lefebvre, Michel, Garcia, David, Bertrand, Roux, Vincent, Fournier, Morel,"
            "Girard, André, Mercier, Dupont, Lambert, Bonnet, François, Martinez, Legrand, Garnier,"
            "Faure, Rousseau, Blanc, Guérin, Muller, Henry, Roussel, Perrin, Chevalier"
        ),
        _listed(
            "Paris, Lyon, Marseille, Toulouse, Nantes, Bordeaux, Lille, Rennes, Strasbourg,"
            "Montpellier, Nice, Grenoble, Rouen, Dijon, Angers"
        ),
        "+3363998xxxx",
    ),
    Country(
        "ES",
        "es",
        "Europe/Madrid",
        20,
        _listed(
            "Lucía, Sofía, María, Martina, Paula, Julia, Daniela, Valeria, Alba, Emma, Carla, Sara,"
            "Noa, Carmen, Claudia, Valentina, Alma, Ana, Marta, Irene, Laura, Elena, Cristina,"
            "Pilar, Rosa, Nuria, Silvia, Raquel, Beatriz, Inés"
        ),
        _listed(
            "Hugo, Mateo, Martín, Lucas, Leo, Daniel, Alejandro, Manuel, Pablo, Álvaro, Adrián,"
            "Enzo, Mario, Diego, David, Javier, Carlos, Sergio, Jorge, Raúl, Rubén, Iván, Óscar,"
            "Andrés, Antonio, José, Miguel, Fernando, Luis, Gonzalo"
        ),
        _listed(
            "García, Rodríguez, González, Fernández, López, Martínez, Sánchez, Pérez, Gómez,"
            "Martín, Jiménez, Ruiz, Hernández, Díaz, Moreno, Muñoz, Álvarez, Romero, Alonso,"
            "Gutiérrez, Navarro, Torres, Domínguez, Vázquez, Ramos, Gil, Ramírez, Serrano, Blanco,"
            "Molina, Morales, Suárez, Ortega, Delgado, Castro, Ortiz, Rubio, Marín, Sanz, Iglesias"
        ),
        _listed(
            "Madrid, Barcelona, Valencia, Sevilla, Zaragoza, Málaga, Murcia, Palma, Bilbao,"
            "Alicante, Córdoba, Valladolid, Vigo, Gijón, Granada"
        ),
    ),
    Country(
        "DE",
        "de",
        "Europe/Berlin",
        14,
        _listed(
            "Emma, Mia, Hannah, Sophia, Lina, Emilia, Marie, Lena, Anna, Leonie, Clara, Ida, Lea,"
            "Johanna, Laura, Julia, Katharina, Sabine, Petra, Claudia, Anja, Nina, Franziska,"
            "Greta, Frieda, Antonia, Jana, Svenja, Birgit, Heike"
        ),
        _listed(
            "Noah, Ben, Paul, Leon, Finn, Elias, Jonas, Luis, Felix, Lukas, Max, Moritz, Jakob,"
            "Anton, Emil, Tim, Jan, Philipp, Florian, Sebastian, Tobias, Stefan, Markus, Andreas,"
            "Thomas, Jürgen, Uwe, Matthias, Daniel, Christian"
        ),
        _listed(
            "Müller, Schmidt, Schneider, Fischer, Weber, Meyer, Wagner, Becker, Schulz, Hoffmann,"
            "Schäfer, Koch, Bauer, Richter, Klein, Wolf, Schröder, Neumann, Schwarz, Zimmermann,"
            "Braun, Krüger, Hofmann, Hartmann, Lange, Werner, Krause, Lehmann, Köhler, Maier"
        ),
        _listed(
            "Berlin, Hamburg, München, Köln, Frankfurt am Main, Stuttgart, Düsseldorf, Leipzig,"
            "Dortmund, Bremen, Dresden, Hannover, Nürnberg, Bonn, Freiburg"
        ),
    ),
    Country(
        "GB",
        "en",
        "Europe/London",
        13,
        _listed(
            "Olivia, Amelia, Isla, Ava, Ivy, Freya, Lily, Florence, Mia, Willow, Rosie, Sophie,"
            "Isabella, Grace, Daisy, Poppy, Emily, Charlotte, Alice, Evelyn, Hannah, Lucy, Rebecca,"
            "Rachel, Claire, Helen, Karen, Nicola, Victoria, Megan"
        ),
        _listed(
            "Oliver, George, Noah, Arthur, Harry, Leo, Jack, Charlie, Oscar, Jacob, Henry, Thomas,"
            "Freddie, Alfie, Theo, William, James, Joshua, Daniel, Samuel, Adam, Ryan, Matthew,"
            "Andrew, David, Paul, Mark, Simon, Callum, Ewan"
        ),
        _listed(
            "Smith, Jones, Taylor, Brown, Williams, Wilson, Johnson, Davies, Patel, Robinson,"
            "Wright, Thompson, Evans, Walker, White, Roberts, Green, Hall, Wood, Jackson, Clarke,"
            "Khan, Hughes, Edwards, Harris, Lewis, Martin, Cooper, Ward, Turner"
        ),
        _listed(
            "London, Birmingham, Manchester, Leeds, Glasgow, Liverpool, Bristol, Sheffield,"
            "Edinburgh, Cardiff, Leicester, Nottingham, Newcastle, Brighton, Norwich"
        ),
        "+447700900xxx",
    ),
    Country(
        "IT",
        "it",
        "Europe/Rome",
        11,
        _listed(
            "Sofia, Aurora, Giulia, Ginevra, Alice, Emma, Giorgia, Beatrice, Greta, Vittoria,"
            "Chiara, Martina, Francesca, Elena, Sara, Anna, Federica, Valentina, Silvia, Laura,"
            "Paola, Roberta, Elisa, Ilaria, Serena"
        ),
        _listed(
            "Leonardo, Francesco, Alessandro, Lorenzo, Mattia, Tommaso, Gabriele, Andrea, Riccardo,"
            "Edoardo, Matteo, Giuseppe, Antonio, Federico, Davide, Marco, Luca, Giovanni, Simone,"
            "Stefano, Paolo, Roberto, Michele, Daniele, Nicola"
        ),
        _listed(
            "Rossi, Russo, Ferrari, Esposito, Bianchi, Romano, Colombo, Ricci, Marino, Greco,"
            "Bruno, Gallo, Conti, De Luca, Mancini, Costa, Giordano, Rizzo, Lombardi, Moretti,"
            "Barbieri, Fontana, Santoro, Mariani, Rinaldi, Caruso, Ferrara, Galli, Martini, Leone"
        ),
        _listed(
            "Roma, Milano, Napoli, Torino, Palermo, Genova, Bologna, Firenze, Bari, Catania,"
            "Verona, Padova, Trieste, Parma, Modena"
        ),
    ),
    Country(
        "PT",
        "pt",
        "Europe/Lisbon",
        5,
        _listed(
            "Maria, Leonor, Matilde, Carolina, Beatriz, Alice, Benedita, Francisca, Inês, Clara,"
            "Ana, Joana, Sofia, Mariana, Catarina, Rita, Teresa, Marta, Cláudia, Sandra"
        ),
        _listed(
            "Francisco, João, Afonso, Duarte, Tomás, Lourenço, Martim, Santiago, Miguel, Gabriel,"
            "Rodrigo, Gonçalo, Pedro, Diogo, Tiago, Rui, Nuno, Paulo, Luís, Vasco"
        ),
        _listed(
            "Silva, Santos, Ferreira, Pereira, Oliveira, Costa, Rodrigues, Martins, Jesus, Sousa,"
            "Fernandes, Gonçalves, Gomes, Lopes, Marques, Alves, Almeida, Ribeiro, Pinto, Carvalho"
        ),
        _listed("Lisboa, Porto, Braga, Coimbra, Aveiro, Faro, Setúbal, Évora, Funchal, Viseu"),
    ),
    Country(
        "NL",
        "nl",
        "Europe/Amsterdam",
        3,
        _listed(
            "Emma, Julia, Mila, Tess, Sophie, Zoë, Sara, Nora, Yara, Eva, Liv, Lotte, Fleur, Anna,"
            "Sanne, Femke, Marieke, Ingrid, Esther, Iris"
        ),
        _listed(
            "Noah, Sem, Liam, Lucas, Daan, Finn, Levi, Luuk, Mees, James, Bram, Thijs, Jesse,"
            "Ruben, Lars, Jeroen, Pieter, Sander, Koen, Wouter"
        ),
        _listed(
            "de Jong, Jansen, de Vries, van den Berg, van Dijk, Bakker, Janssen, Visser, Smit,"
            "Meijer, de Boer, Mulder, de Groot, Bos, Vos, Peters, Hendriks, van Leeuwen, Dekker,"
            "Brouwer"
        ),
        _listed(
            "Amsterdam, Rotterdam, Den Haag, Utrecht, Eindhoven, Groningen, Tilburg, Almere,"
            "Breda, Nijmegen"
        ),
    ),
)

CATEGORIES = (
    "home",
    "beauty",
    "toys",
    "kitchen",
    "garden",
    "books",
    "sports",
    "fashion",
    "electronics",
)
EMAIL_DOMAINS = ("example.com", "example.org", "example.net")
