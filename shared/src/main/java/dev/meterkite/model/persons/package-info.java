/** Persons: which documents are about a user or a customer, and what of them names it. */
@NullMarked
package dev.meterkite.model.persons;

import org.jspecify.annotations.NullMarked;
