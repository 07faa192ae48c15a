module Old {
  export const x = 1;
}
