/** Persons: their documents handed out, and what names them erased. */
@NullMarked
package dev.meterkite.functions.persons;

import org.jspecify.annotations.NullMarked;
