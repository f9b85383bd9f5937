/** What an action shows for nil and for what is not there. */
export const NO_VALUE = '<no value>'
