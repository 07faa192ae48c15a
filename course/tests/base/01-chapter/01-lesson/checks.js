import { check } from 'terrarium:check'
